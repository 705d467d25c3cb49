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

  # On leaving: tasks start elsewhere before they end here.
  drain_on_shutdown {
    deadline           = "10m"
    force              = false
    ignore_system_jobs = false
  }

  # For the system, Consul, Docker and the agents.
  reserved {
    cpu            = 200
    memory         = 384
    disk           = 2048
    reserved_ports = "22,8301,8500,8501,8600"
  }

  options = {
    "driver.allowlist" = "docker"
  }
}

plugin "docker" {
  config {
    auth {
      helper = "ecr-login"
    }

    allow_privileged = false
    allow_caps       = ["chown", "dac_override", "fowner", "kill", "net_bind_service", "setgid", "setuid"]
    pull_activity_timeout     = "2m"
    disable_log_collection    = false
    disable_cpuset_management = true # tasks are in a slice of their own, see daemon.json

    volumes {
      enabled = false # nothing of the machine goes into a container but by a host volume that is declared here
    }

    gc {
      image_delay = "30m"
    }

    extra_labels = ["job_name", "task_name", "node_name"]
  }
}
