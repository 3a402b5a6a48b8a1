-- The result of db/migrations, made by SchemaTests: change it by a new migration.

CREATE TABLE aiven_project (
  project                    TEXT   NOT NULL PRIMARY KEY,
  ca_certificate             TEXT,
  endpoint_id                TEXT,            -- null until Aiven has it
  scrape_username            TEXT,
  scrape_password_ciphertext TEXT,
  scrape_password_key_id     TEXT,
  inventory_at               BIGINT           -- start of the last list call that was answered well; null: none yet
);

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

CREATE INDEX aiven_service_instance ON aiven_service (service_instance_id);

CREATE INDEX aiven_service_space ON aiven_service (organization_id, space_id);

CREATE TABLE audit_entry (
  entry_id         TEXT    NOT NULL PRIMARY KEY, -- UUID version 7: in order of time
  at               BIGINT  NOT NULL,
  action           TEXT    NOT NULL, -- Provision, Update, Deprovision, Bind, Unbind, FetchBinding
  instance_id      TEXT    NOT NULL,
  binding_id       TEXT,
  broker_user      TEXT    NOT NULL, -- whom the platform authenticated as; '' when the broker acted by itself
  platform         TEXT,             -- of the originating identity; null: no user was named
  identity         TEXT,             -- JSON object of the originating identity, decoded
  request_identity TEXT,
  result           TEXT    NOT NULL, -- 'begun', 'succeeded', 'failed' or 'refused'
  description      TEXT    NOT NULL
);

CREATE INDEX audit_entry_at ON audit_entry (at);

CREATE INDEX audit_entry_instance ON audit_entry (instance_id, at);

CREATE TABLE ended_binding (
  instance_id TEXT   NOT NULL,
  binding_id  TEXT   NOT NULL,
  operation   TEXT   NOT NULL, -- operation string of the bind
  description TEXT   NOT NULL,
  ended_at    BIGINT NOT NULL,
  PRIMARY KEY (instance_id, binding_id)
);

CREATE INDEX ended_binding_ended_at ON ended_binding (ended_at);

CREATE TABLE fact (
  name        TEXT   NOT NULL PRIMARY KEY,
  value       TEXT   NOT NULL,
  reported_at BIGINT NOT NULL
);

CREATE TABLE gateway (
  gateway_id  TEXT   NOT NULL PRIMARY KEY,
  accepted_at BIGINT NOT NULL, -- microseconds since the Unix epoch by the database's clock; 0: nothing yet
  seen_at     BIGINT NOT NULL  -- likewise
);

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
  created_at        BIGINT NOT NULL, plan_id TEXT NOT NULL DEFAULT '', plan_scope TEXT NOT NULL DEFAULT 'services', predecessor_binding_id TEXT, expires_at BIGINT, renew_before BIGINT,
  PRIMARY KEY (instance_id, binding_id)
);

CREATE INDEX service_binding_operation_state ON service_binding (operation_state);

CREATE TABLE service_binding_service (
  instance_id         TEXT NOT NULL,
  binding_id          TEXT NOT NULL,
  service_instance_id TEXT NOT NULL,
  PRIMARY KEY (instance_id, binding_id, service_instance_id),
  FOREIGN KEY (instance_id, binding_id) REFERENCES service_binding (instance_id, binding_id) ON DELETE CASCADE
);

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
, platform TEXT NOT NULL DEFAULT 'cloudfoundry', annotations TEXT NOT NULL DEFAULT '{}', maintenance_version TEXT, context_at BIGINT NOT NULL DEFAULT 0);

CREATE INDEX service_instance_space ON service_instance (organization_id, space_id);

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
