server {
  enabled = false
}

client {
  enabled = true

  cni_path         = "/usr/lib/cni"
  max_kill_timeout = "2m"
  min_dynamic_port = 20000
  max_dynamic_port = 32000
  gc_max_allocs    = 100
  gc_disk_usage_threshold = 75

  # When the machine leaves, its tasks start elsewhere before they stop here.
  drain_on_shutdown {
    deadline           = "10m"
    force              = false
    ignore_system_jobs = false
  }

  # Reserved for the system, Consul, Docker and the agents.
  reserved {
    cpu            = 200
    memory         = 384
    disk           = 2048
    reserved_ports = "22,8301,8500,8501,8600"
  }

  # The certificate authorities of RDS, for tasks that check the database's certificate.
  host_volume "database-ca" {
    path      = "/opt/votewave/share/rds-ca.pem"
    read_only = true
  }

  # Its settings are in boot.json, because they include where tasks' logs go.
  options = {
    "driver.allowlist" = "docker"
  }
}
