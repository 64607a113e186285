BEGIN TRANSACTION;
CREATE TABLE capture (
    sensor BIGINT NOT NULL, 
    capture BIGINT NOT NULL, 
    source VARCHAR(255) NOT NULL, 
    ended_ns BIGINT NOT NULL, 
    packets BIGINT NOT NULL, 
    bytes BIGINT NOT NULL, 
    dropped_kernel BIGINT NOT NULL, 
    dropped_queue BIGINT NOT NULL, 
    dropped_disk BIGINT NOT NULL, 
    unscored BIGINT NOT NULL, 
    PRIMARY KEY (sensor, capture)
)
 WITHOUT ROWID

;
CREATE TABLE conversation (
    hour BIGINT NOT NULL, 
    sensor BIGINT NOT NULL, 
    low BLOB NOT NULL, 
    high BLOB NOT NULL, 
    low_port INTEGER NOT NULL, 
    high_port INTEGER NOT NULL, 
    ip_protocol SMALLINT NOT NULL, 
    low_packets BIGINT NOT NULL, 
    high_packets BIGINT NOT NULL, 
    low_bytes BIGINT NOT NULL, 
    high_bytes BIGINT NOT NULL, 
    first_ns BIGINT NOT NULL, 
    last_ns BIGINT NOT NULL, 
    protocol VARCHAR(32) NOT NULL, 
    program VARCHAR(255) NOT NULL, 
    program_source VARCHAR(16) NOT NULL, 
    host VARCHAR(255) NOT NULL, 
    host_source VARCHAR(16) NOT NULL, 
    PRIMARY KEY (hour, sensor, low, high, low_port, high_port, ip_protocol)
)
 WITHOUT ROWID

;
INSERT INTO "conversation" VALUES(1800000000,7,X'00000000000000000000FFFF0A000001',X'00000000000000000000FFFF0A000002',40001,443,6,1,2,100,1000,1800000000000000000,1800000001000000000,'TLS','firefox','seen','example.org','TLS SNI');
INSERT INTO "conversation" VALUES(1800003600,7,X'00000000000000000000FFFF0A000001',X'00000000000000000000FFFF0A000002',40002,443,6,1,2,100,1000,1800003600000000000,1800003601000000000,'TLS','firefox','seen','example.org','TLS SNI');
INSERT INTO "conversation" VALUES(1800007200,7,X'00000000000000000000FFFF0A000001',X'00000000000000000000FFFF0A000002',40003,443,6,1,2,100,1000,1800007200000000000,1800007201000000000,'TLS','firefox','seen','example.org','TLS SNI');
CREATE TABLE gap (
    sensor BIGINT NOT NULL, 
    capture BIGINT NOT NULL, 
    interface VARCHAR(64) NOT NULL, 
    start_ns BIGINT NOT NULL, 
    end_ns BIGINT NOT NULL, 
    reason VARCHAR(255) NOT NULL, 
    PRIMARY KEY (sensor, capture, interface, start_ns)
)
 WITHOUT ROWID

;
CREATE TABLE host_hour (
    hour BIGINT NOT NULL, 
    sensor BIGINT NOT NULL, 
    address BLOB NOT NULL, 
    sent_packets BIGINT NOT NULL, 
    sent_bytes BIGINT NOT NULL, 
    received_packets BIGINT NOT NULL, 
    received_bytes BIGINT NOT NULL, 
    PRIMARY KEY (hour, sensor, address)
)
 WITHOUT ROWID

;
INSERT INTO "host_hour" VALUES(1800000000,7,X'00000000000000000000FFFF0A000001',1,100,2,1000);
INSERT INTO "host_hour" VALUES(1800000000,7,X'00000000000000000000FFFF0A000002',2,1000,1,100);
INSERT INTO "host_hour" VALUES(1800003600,7,X'00000000000000000000FFFF0A000001',1,100,2,1000);
INSERT INTO "host_hour" VALUES(1800003600,7,X'00000000000000000000FFFF0A000002',2,1000,1,100);
INSERT INTO "host_hour" VALUES(1800007200,7,X'00000000000000000000FFFF0A000001',1,100,2,1000);
INSERT INTO "host_hour" VALUES(1800007200,7,X'00000000000000000000FFFF0A000002',2,1000,1,100);
CREATE TABLE host_minute (
    minute BIGINT NOT NULL, 
    sensor BIGINT NOT NULL, 
    address BLOB NOT NULL, 
    sent_packets BIGINT NOT NULL, 
    sent_bytes BIGINT NOT NULL, 
    received_packets BIGINT NOT NULL, 
    received_bytes BIGINT NOT NULL, 
    PRIMARY KEY (minute, sensor, address)
)
 WITHOUT ROWID

;
CREATE TABLE incident (
    sensor BIGINT NOT NULL, 
    capture BIGINT NOT NULL, 
    number INTEGER NOT NULL, 
    family VARCHAR(32) NOT NULL, 
    culprit VARCHAR(64) NOT NULL, 
    peers TEXT NOT NULL, 
    start_ns BIGINT NOT NULL, 
    end_ns BIGINT NOT NULL, 
    packets BIGINT NOT NULL, 
    severity SMALLINT NOT NULL, 
    sentence TEXT NOT NULL, 
    reasons TEXT NOT NULL, 
    model INTEGER NOT NULL, 
    PRIMARY KEY (sensor, capture, number)
)
 WITHOUT ROWID

;
INSERT INTO "incident" VALUES(7,1800000000000000000,1,'port_scan','10.0.0.1','["10.0.0.2"]',1800000000000000000,1800000000000000005,3,70,'One host asks many.','[]',1);
CREATE TABLE model (
    sensor BIGINT NOT NULL, 
    capture BIGINT NOT NULL, 
    number INTEGER NOT NULL, 
    fitted_ns BIGINT NOT NULL, 
    rows INTEGER NOT NULL, 
    fit_ms INTEGER NOT NULL, 
    seed BIGINT NOT NULL, 
    PRIMARY KEY (sensor, capture, number)
)
 WITHOUT ROWID

;
CREATE TABLE note (
    sensor BIGINT NOT NULL, 
    kind VARCHAR(32) NOT NULL, 
    name VARCHAR(64) NOT NULL, 
    body TEXT NOT NULL, 
    changed_ns BIGINT NOT NULL, 
    removed BOOLEAN NOT NULL, 
    PRIMARY KEY (sensor, kind, name)
)
 WITHOUT ROWID

;
CREATE TABLE outbox (
    fingerprint VARCHAR(64) NOT NULL, 
    sensor BIGINT NOT NULL, 
    channel VARCHAR(32) NOT NULL, 
    body TEXT NOT NULL, 
    created_ns BIGINT NOT NULL, 
    attempts INTEGER NOT NULL, 
    next_ns BIGINT NOT NULL, 
    done_ns BIGINT NOT NULL, 
    state VARCHAR(16) NOT NULL, 
    owner VARCHAR(64) NOT NULL, 
    error TEXT NOT NULL, 
    PRIMARY KEY (fingerprint)
)
 WITHOUT ROWID

;
CREATE TABLE packet (
    timestamp_ns BIGINT NOT NULL, 
    sensor BIGINT NOT NULL, 
    capture BIGINT NOT NULL, 
    number BIGINT NOT NULL, 
    source BLOB NOT NULL, 
    destination BLOB NOT NULL, 
    source_port INTEGER NOT NULL, 
    destination_port INTEGER NOT NULL, 
    ip_protocol SMALLINT NOT NULL, 
    protocol VARCHAR(32) NOT NULL, 
    tcp_flags INTEGER NOT NULL, 
    length INTEGER NOT NULL, 
    PRIMARY KEY (timestamp_ns, sensor, capture, number)
)
 WITHOUT ROWID

;
CREATE TABLE progress (
    writer VARCHAR(36) NOT NULL, 
    sequence BIGINT NOT NULL, 
    changed_ns BIGINT NOT NULL, 
    PRIMARY KEY (writer)
)
 WITHOUT ROWID

;
CREATE TABLE protocol_minute (
    minute BIGINT NOT NULL, 
    sensor BIGINT NOT NULL, 
    protocol VARCHAR(32) NOT NULL, 
    packets BIGINT NOT NULL, 
    bytes BIGINT NOT NULL, 
    PRIMARY KEY (minute, sensor, protocol)
)
 WITHOUT ROWID

;
INSERT INTO "protocol_minute" VALUES(1800000000,7,'TLS',3,1100);
INSERT INTO "protocol_minute" VALUES(1800003600,7,'TLS',3,1100);
INSERT INTO "protocol_minute" VALUES(1800007200,7,'TLS',3,1100);
CREATE TABLE schema_version (
    version INTEGER NOT NULL, 
    applied_ns BIGINT NOT NULL, 
    PRIMARY KEY (version)
)
 WITHOUT ROWID

;
INSERT INTO "schema_version" VALUES(1,1795294527723050367);
CREATE TABLE sensor (
    sensor BIGINT NOT NULL, 
    uid VARCHAR(36) NOT NULL, 
    name VARCHAR(255) NOT NULL, 
    PRIMARY KEY (sensor)
)
 WITHOUT ROWID

;
INSERT INTO "sensor" VALUES(7,'u','desk');
CREATE TABLE volume_minute (
    minute BIGINT NOT NULL, 
    sensor BIGINT NOT NULL, 
    packets BIGINT NOT NULL, 
    bytes BIGINT NOT NULL, 
    PRIMARY KEY (minute, sensor)
)
 WITHOUT ROWID

;
CREATE TABLE volume_second (
    second BIGINT NOT NULL, 
    sensor BIGINT NOT NULL, 
    packets BIGINT NOT NULL, 
    bytes BIGINT NOT NULL, 
    PRIMARY KEY (second, sensor)
)
 WITHOUT ROWID

;
CREATE INDEX host_minute_address ON host_minute (address, minute);
CREATE INDEX host_hour_address ON host_hour (address, hour);
CREATE INDEX conversation_high ON conversation (high, hour);
CREATE INDEX conversation_low ON conversation (low, hour);
CREATE INDEX incident_start ON incident (start_ns);
CREATE INDEX outbox_due ON outbox (state, next_ns);
COMMIT;
