-- Updates, rotation, expiry, Kubernetes, the audit trail, and acknowledgements of gateways.

-- The last context that the platform reported for the instance.
ALTER TABLE service_instance ADD COLUMN platform TEXT NOT NULL DEFAULT 'cloudfoundry'; -- context.platform
ALTER TABLE service_instance ADD COLUMN annotations TEXT NOT NULL DEFAULT '{}'; -- JSON object: the annotation objects of the context, by name
ALTER TABLE service_instance ADD COLUMN maintenance_version TEXT; -- of maintenance_info, as applied; null: the plan had none
ALTER TABLE service_instance ADD COLUMN context_at BIGINT NOT NULL DEFAULT 0; -- when the names were told; the newest of an owner count
UPDATE service_instance SET context_at = created_at;

-- A binding keeps the plan of its creation: a plan update applies to later bindings only.
ALTER TABLE service_binding ADD COLUMN plan_id TEXT NOT NULL DEFAULT '';
ALTER TABLE service_binding ADD COLUMN plan_scope TEXT NOT NULL DEFAULT 'services';
UPDATE service_binding SET
  plan_id = (SELECT i.plan_id FROM service_instance i WHERE i.instance_id = service_binding.instance_id),
  plan_scope = (SELECT i.plan_scope FROM service_instance i WHERE i.instance_id = service_binding.instance_id);
ALTER TABLE service_binding ADD COLUMN predecessor_binding_id TEXT; -- the binding that this one was made to replace
ALTER TABLE service_binding ADD COLUMN expires_at BIGINT;           -- end of the credential; null: never
ALTER TABLE service_binding ADD COLUMN renew_before BIGINT;         -- null if and only if expires_at is null

-- Binds that were unbound while in progress: the platform may still poll them. Deleted after 7 days.
CREATE TABLE ended_binding (
  instance_id TEXT   NOT NULL,
  binding_id  TEXT   NOT NULL,
  operation   TEXT   NOT NULL, -- operation string of the bind
  description TEXT   NOT NULL,
  ended_at    BIGINT NOT NULL,
  PRIMARY KEY (instance_id, binding_id)
);
CREATE INDEX ended_binding_ended_at ON ended_binding (ended_at);

-- Gateways, and the time (clock of the database) up to which each has acknowledged all credentials.
CREATE TABLE gateway (
  gateway_id  TEXT   NOT NULL PRIMARY KEY,
  accepted_at BIGINT NOT NULL, -- microseconds since the Unix epoch by the database's clock; 0: nothing yet
  seen_at     BIGINT NOT NULL  -- likewise
);

-- Audit trail: actor, action, time and result. Never contains a secret. Rows are written in the transaction of the change.
CREATE TABLE audit_entry (
  entry_id         TEXT    NOT NULL PRIMARY KEY, -- UUID version 7: in order of time
  at               BIGINT  NOT NULL,
  action           TEXT    NOT NULL, -- Provision, Update, Deprovision, Bind, Unbind, FetchBinding
  instance_id      TEXT    NOT NULL,
  binding_id       TEXT,
  broker_user      TEXT    NOT NULL, -- whom the platform authenticated as; '' when the broker acted by itself
  platform         TEXT,             -- of the originating identity; null if absent
  identity         TEXT,             -- JSON object of the originating identity, decoded
  request_identity TEXT,
  result           TEXT    NOT NULL, -- 'begun', 'succeeded', 'failed' or 'refused'
  description      TEXT    NOT NULL
);
CREATE INDEX audit_entry_instance ON audit_entry (instance_id, at);
CREATE INDEX audit_entry_at ON audit_entry (at);
