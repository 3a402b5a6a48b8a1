-- One SQL for SQLite and PostgreSQL: TEXT, BIGINT and INTEGER only. Times are milliseconds since the
-- Unix epoch, UTC. Booleans are INTEGER 0/1. JSON is TEXT. Ciphertext is base64 in TEXT.

-- ServiceInstances (OSB). A row is the desired state; a deprovision deletes it.
CREATE TABLE service_instance (
  instance_id       TEXT   NOT NULL PRIMARY KEY,
  service_id        TEXT   NOT NULL,
  plan_id           TEXT   NOT NULL,
  plan_scope        TEXT   NOT NULL, -- 'space' or 'services'
  organization_id   TEXT   NOT NULL,
  space_id          TEXT   NOT NULL,
  organization_name TEXT,
  space_name        TEXT,
  instance_name     TEXT,
  parameters        TEXT   NOT NULL, -- canonical JSON object, '{}' when none were given
  created_at        BIGINT NOT NULL
);
CREATE INDEX service_instance_space ON service_instance (organization_id, space_id);

-- ServiceBindings (OSB) with one credential each. A row is the desired state; an unbind deletes it.
CREATE TABLE service_binding (
  instance_id       TEXT   NOT NULL REFERENCES service_instance (instance_id),
  binding_id        TEXT   NOT NULL,
  request           TEXT   NOT NULL, -- canonical JSON of what identifies a replay: parameters, app_guid, bind_resource
  username          TEXT   NOT NULL UNIQUE,
  secret_sha256     TEXT   NOT NULL, -- lower-case hex of SHA-256 of the password's UTF-8 bytes
  secret_ciphertext TEXT   NOT NULL, -- AES-256-GCM, see Secrets
  secret_key_id     TEXT   NOT NULL,
  operation         TEXT   NOT NULL, -- operation string of the bind
  operation_state   TEXT   NOT NULL, -- 'in progress', 'succeeded' or 'failed'
  description       TEXT   NOT NULL, -- of the last operation, for the tenant
  snapshot          TEXT,            -- JSON of the parts of the credentials read when the bind succeeded
  created_at        BIGINT NOT NULL,
  PRIMARY KEY (instance_id, binding_id)
);
CREATE INDEX service_binding_operation_state ON service_binding (operation_state);

-- Services of a binding of plan 'services', by the GUID of their tag. Names are not used, because they may be reused.
CREATE TABLE service_binding_service (
  instance_id         TEXT NOT NULL,
  binding_id          TEXT NOT NULL,
  service_instance_id TEXT NOT NULL,
  PRIMARY KEY (instance_id, binding_id, service_instance_id),
  FOREIGN KEY (instance_id, binding_id) REFERENCES service_binding (instance_id, binding_id) ON DELETE CASCADE
);

-- Last observed state of an Aiven project, and the broker's integration endpoint in it.
CREATE TABLE aiven_project (
  project                    TEXT   NOT NULL PRIMARY KEY,
  ca_certificate             TEXT,
  endpoint_id                TEXT,            -- null until created at Aiven
  scrape_username            TEXT,
  scrape_password_ciphertext TEXT,
  scrape_password_key_id     TEXT,
  inventory_at               BIGINT           -- start of the last successful list request; null: none yet
);

-- Last observed state of an Aiven service, and the derived condition.
CREATE TABLE aiven_service (
  project             TEXT    NOT NULL,
  service_name        TEXT    NOT NULL,
  service_type        TEXT    NOT NULL,
  state               TEXT    NOT NULL, -- Aiven's word
  plan                TEXT    NOT NULL,
  cloud_name          TEXT    NOT NULL,
  node_count          INTEGER NOT NULL,
  organization_id     TEXT,             -- from tags; null: no tag
  space_id            TEXT,
  service_instance_id TEXT,
  scrape_hosts        TEXT    NOT NULL, -- JSON array of {host, port, path}; [] when nothing can be scraped
  scraped             INTEGER NOT NULL, -- 1: belongs in the target feed
  reason              TEXT    NOT NULL, -- condition, one CamelCase word
  message             TEXT    NOT NULL, -- condition, for the tenant
  PRIMARY KEY (project, service_name)
);
CREATE INDEX aiven_service_space ON aiven_service (organization_id, space_id);
CREATE INDEX aiven_service_instance ON aiven_service (service_instance_id);

-- Integrations with the broker's endpoint. A row is written before the request to Aiven, so that a crash in between can be completed.
CREATE TABLE service_integration (
  project        TEXT    NOT NULL,
  service_name   TEXT    NOT NULL,
  integration_id TEXT,             -- null: requested, not confirmed
  created_by_us  INTEGER NOT NULL, -- 0: it was there before us; never deleted by us
  requested_at   BIGINT  NOT NULL,
  unneeded_since BIGINT,           -- start of the grace period; null: needed
  attempts       INTEGER NOT NULL, -- failed attempts in a row
  due_at         BIGINT  NOT NULL, -- do not try again before
  PRIMARY KEY (project, service_name)
);

-- Facts that processes report to each other, for example the Prometheus version behind the gateways.
CREATE TABLE fact (
  name        TEXT   NOT NULL PRIMARY KEY,
  value       TEXT   NOT NULL,
  reported_at BIGINT NOT NULL
);
