# What all Nomad agents have in common. `first-boot` adds boot.json (where, which class) and secrets.json.
data_dir             = "/var/lib/nomad"
region               = "global"
log_level            = "INFO"
log_json             = true
log_file             = "/var/log/nomad/"
log_rotate_bytes     = 104857600
log_rotate_max_files = 5
disable_update_check = true

# A restart (SIGINT, by the unit) is no leave; a machine that goes for good (SIGTERM, by votewave-drain) leaves, and a
# client moves its tasks first.
leave_on_terminate = true
leave_on_interrupt = false

bind_addr = "0.0.0.0"

advertise {
  http = "{{ GetPrivateIP }}"
  rpc  = "{{ GetPrivateIP }}"
  serf = "{{ GetPrivateIP }}"
}

ports {
  http = 4646
  rpc  = 4647
  serf = 4648
}

tls {
  http                   = true
  rpc                    = true
  ca_file                = "/etc/votewave/tls/ca.pem"
  cert_file              = "/etc/votewave/tls/agent.pem"
  key_file               = "/etc/votewave/tls/agent-key.pem"
  verify_server_hostname = true
  verify_https_client    = false # tokens say who is asking
}

acl {
  enabled = true
}

consul {
  address             = "127.0.0.1:8500"
  server_auto_join    = false # servers are found by their tag, Consul or no Consul
  client_auto_join    = false
  allow_unauthenticated = false

  service_identity {
    aud = ["consul.io"]
    ttl = "1h"
  }

  task_identity {
    aud = ["consul.io"]
    ttl = "1h"
  }
}

limits {
  http_max_conns_per_client = 400
}

telemetry {
  prometheus_metrics         = true
  publish_allocation_metrics = true
  publish_node_metrics       = true
  disable_hostname           = true
}
