# What all Consul agents have in common. `first-boot` adds boot.json (where, which role) and secrets.json.
data_dir         = "/var/lib/consul"
bind_addr        = "{{ GetPrivateIP }}"
log_level        = "INFO"
log_json         = true
log_file         = "/var/log/consul/"
log_rotate_bytes = 104857600
log_rotate_max_files = 5
enable_syslog    = false
disable_update_check   = true
disable_remote_exec    = true
enable_script_checks   = false

# A restart (SIGINT, by the unit) is no leave; a machine that goes for good (SIGTERM, by votewave-drain) leaves.
leave_on_terminate      = true
skip_leave_on_interrupt = true

ports {
  http     = 8500
  https    = 8501
  dns      = 8600
  server   = 8300
  serf_lan = 8301
  serf_wan = -1 # one datacenter an environment
  grpc     = -1 # no mesh
  grpc_tls = -1
}

tls {
  defaults {
    ca_file         = "/etc/votewave/tls/ca.pem"
    cert_file       = "/etc/votewave/tls/agent.pem"
    key_file        = "/etc/votewave/tls/agent-key.pem"
    verify_outgoing = true
    tls_min_version = "TLSv1_2"
  }

  internal_rpc {
    verify_incoming        = true
    verify_server_hostname = true
  }

  https {
    verify_incoming = false # tokens say who is asking
  }
}

acl {
  enabled                  = true
  default_policy           = "deny"
  down_policy              = "extend-cache"
  enable_token_persistence = false # tokens are those of Secrets Manager
}

limits {
  http_max_conns_per_client = 1000 # tasks of one machine come from one address, with a blocking query each
}

dns_config {
  service_ttl {
    "*" = "0s"
  }

  enable_truncate = true
  only_passing    = true

  # The leader answers, for a server that has just started may be far behind.
  allow_stale = false
}

telemetry {
  prometheus_retention_time = "60s"
  disable_hostname          = true
}
