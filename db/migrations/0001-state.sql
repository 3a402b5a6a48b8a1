-- One SQL for SQLite and PostgreSQL: TEXT, BIGINT and INTEGER only. Times are milliseconds since the
-- Unix epoch, UTC. Booleans are INTEGER 0/1. JSON is TEXT. Ciphertext is base64 in TEXT.

-- What platforms ordered (OSB). A row is the intent; deleting the row is the deprovision.
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

-- One credential each. A row is the intent; deleting the row is the unbind.
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
  snapshot          TEXT,            -- JSON of the parts of the credentials that were read when the bind succeeded
  created_at        BIGINT NOT NULL,
  PRIMARY KEY (instance_id, binding_id)
);
CREATE INDEX service_binding_operation_state ON service_binding (operation_state);

-- The services that a binding of plan 'services' names, by the GUID of their tag (never by a name that may be reused).
CREATE TABLE service_binding_service (
  instance_id         TEXT NOT NULL,
  binding_id          TEXT NOT NULL,
  service_instance_id TEXT NOT NULL,
  PRIMARY KEY (instance_id, binding_id, service_instance_id),
  FOREIGN KEY (instance_id, binding_id) REFERENCES service_binding (instance_id, binding_id) ON DELETE CASCADE
);

-- What Aiven last showed of a project, and the scrape endpoint that we made there.
CREATE TABLE aiven_project (
  project                    TEXT   NOT NULL PRIMARY KEY,
  ca_certificate             TEXT,
  endpoint_id                TEXT,            -- null until Aiven has it
  scrape_username            TEXT,
  scrape_password_ciphertext TEXT,
  scrape_password_key_id     TEXT,
  inventory_at               BIGINT           -- start of the last list call that was answered well; null: none yet
);

-- What Aiven last showed of a service, and what we made of it.
CREATE TABLE aiven_service (
  project             TEXT    NOT NULL,
  service_name        TEXT    NOT NULL,
  service_type        TEXT    NOT NULL,
  state               TEXT    NOT NULL, -- Aiven's word
  plan                TEXT    NOT NULL,
  cloud_name          TEXT    NOT NULL,
  node_count          INTEGER NOT NULL,
  organization_id     TEXT,             -- from tags; null: not tagged
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

-- Integrations to our endpoint. A row is written before Aiven is asked, so that a crash between leaves something to finish.
CREATE TABLE service_integration (
  project        TEXT    NOT NULL,
  service_name   TEXT    NOT NULL,
  integration_id TEXT,             -- null: asked for, not seen yet
  created_by_us  INTEGER NOT NULL, -- 0: it was there before us; never deleted by us
  requested_at   BIGINT  NOT NULL,
  unneeded_since BIGINT,           -- null: needed; else the grace period runs
  attempts       INTEGER NOT NULL, -- failed attempts in a row
  due_at         BIGINT  NOT NULL, -- do not try again before
  PRIMARY KEY (project, service_name)
);

-- Facts that processes report to each other, such as the Prometheus version that the gateways see.
CREATE TABLE fact (
  name        TEXT   NOT NULL PRIMARY KEY,
  value       TEXT   NOT NULL,
  reported_at BIGINT NOT NULL
);
