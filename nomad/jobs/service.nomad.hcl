# One service of VoteWave, in any version and environment; variables hold the differences.
#
#   nomad job run -hcl2-strict=false -var service=votebooth -var version=COMMIT \
#     -var-file nomad/env/staging.hcl -var-file VALUES nomad/jobs/service.nomad.hcl
#
# nomad/env/ENVIRONMENT.hcl holds what people decide; VALUES holds what is known once the environment exists:
# Terraform's outputs (`cluster up` writes them locally). All jobs share both files, so each ignores what only others
# need.

variable "service" {
  description = "Which service, as `votewave run` names it; its name in Consul, too."
  type        = string

  validation {
    condition     = regex_replace(var.service, "^[a-z]+$", "") == "" && var.service != ""
    error_message = "The service is a name in small letters, such as votebooth."
  }
}

variable "version" {
  description = "What is deployed: the image's tag; shown in Consul and the logs."
  type        = string
}

variable "driver" {
  description = "docker, or raw_exec where there is no Docker engine."
  type        = string
  default     = "docker"

  validation {
    condition     = contains(["docker", "raw_exec"], var.driver)
    error_message = "The driver is docker or raw_exec."
  }
}

variable "image" {
  description = "docker: the image without its tag."
  type        = string
  default     = "votewave"
}

variable "releases" {
  description = "raw_exec: the folder that has a folder for each version."
  type        = string
  default     = "/opt/votewave/releases"
}

variable "environment" {
  description = "VOTEWAVE_… settings that are decided: how secrets, files and mails go."
  type        = map(string)
  default     = {}
}

variable "addresses" {
  description = "VOTEWAVE_… settings that are known once the environment stands: where the database and the cache are."
  type        = map(string)
  default     = {}
}

variable "settings" {
  description = "Settings of single services, by name: { votebooth = { VOTEWAVE_VOTEBOOTH_QUEUE = \"8000\" } }."
  type        = map(map(string))
  default     = {}
}

variable "consul_url" {
  description = "The machine's Consul agent."
  type        = string
  default     = "http://127.0.0.1:8500"
}

variable "database_ca_volume" {
  description = "docker: the machine's host volume that has the certificate authorities of the database's servers; empty for none."
  type        = string
  default     = ""
}

variable "aws_role" {
  description = "ARN of the services' roles, %s for the name; empty where there are none."
  type        = string
  default     = ""
}

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

variable "node_class" {
  description = "Run on clients of this class only; empty for any."
  type        = string
  default     = ""
}

variable "sizes" {
  description = "By service: count, cpu (MHz that an instance is sure of), memory (MB that it may use)."
  type        = map(map(number))
  default     = {}
}

variable "count" {
  description = "Instances of a service for which `sizes` has no count."
  type        = number
  default     = 2
}

variable "cpu" {
  description = "MHz, likewise."
  type        = number
  default     = 300
}

variable "memory" {
  description = "MB, likewise; a service alone holds about 120."
  type        = number
  default     = 256
}

variable "scaling" {
  description = "By service: min and max instances, what one is to have a second (each), and in seconds for how long a rush counts (hold) and what lies between two changes (cooldown, 30 unless said)."
  type        = map(map(number))
  default     = {}
}

variable "canaries" {
  description = "Instances of a new version that run beside the old ones until they are promoted."
  type        = number
  default     = 1
}

variable "open_files" {
  description = "docker: file descriptors of an instance: one for each who watches (VOTEWAVE_VOTEBOOTH_LIVE_CONNECTIONS, 5,000), one for each request, and some."
  type        = number
  default     = 16384
}

variable "drain" {
  description = "Between leaving Consul and SIGTERM: longer than HAProxy's `hold obsolete` (5 s) and DNS caches."
  type        = string
  default     = "10s"
}

variable "consul_acl" {
  description = "Whether Consul asks for tokens: then the task gets its own, for its identity."
  type        = bool
  default     = true
}

locals {
  # A program that asks nobody for anything gets no role, no token for Consul, and no way to the database.
  without_role = contains(jsondecode(file("terraform/modules/naming/names.json")).without_role, var.service)
  aws_role     = local.without_role ? "" : var.aws_role
  database_ca  = local.without_role ? "" : var.database_ca_volume

  # The autoscaler's metric; requests unless a service names a better one.
  scaled_on = {
    votebooth = "votewave_votebooth_ballots_total"
  }
}

job "service" {
  id          = "votewave-${var.service}"
  name        = "votewave-${var.service}"
  type        = "service"
  datacenters = var.datacenters

  meta {
    version = var.version
  }

  # A new version starts as a canary beside the old one and replaces it only when it is promoted (after the release's
  # gate). If it doesn't become healthy in time, Nomad reverts it.
  update {
    max_parallel      = 1
    canary            = var.canaries
    min_healthy_time  = "5s"
    healthy_deadline  = "2m"
    progress_deadline = "5m"
    auto_revert       = true
    auto_promote      = false
  }

  group "service" {
    count = lookup(lookup(var.sizes, var.service, {}), "count", var.count)

    # Where the autoscaler runs and `scaling` names the service, its count follows the load: up at once, down only when
    # the peak is `hold` seconds in the past, because one poll's end is often followed by another's.
    dynamic "scaling" {
      for_each = contains(keys(var.scaling), var.service) ? [var.scaling[var.service]] : []

      content {
        enabled = true
        min     = scaling.value["min"]
        max     = scaling.value["max"]

        policy {
          evaluation_interval = "5s"
          cooldown            = "${lookup(scaling.value, "cooldown", 30)}s"

          # As many as the peak of the last `hold` seconds needs. If Prometheus has no data from `hold` seconds ago
          # (it has just started, or its scrapes failed), the query returns nothing and the count doesn't change.
          check "load" {
            source = "prometheus"
            query  = <<-EOT
              ceil(max_over_time(sum(rate(${lookup(local.scaled_on, var.service, "votewave_http_requests_total")}{service="${var.service}"}[20s]))[${scaling.value["hold"]}s:5s]) / ${scaling.value["each"]})
              >= (
                count(up{service="${var.service}"})
                unless max(sum_over_time(up{service="${var.service}"}[${scaling.value["hold"] + 30}s])) > ${(scaling.value["hold"] + 20) / 5}
                or vector(0)
              )
            EOT

            strategy "pass-through" {
            }
          }
        }
      }
    }

    dynamic "constraint" {
      for_each = var.node_class == "" ? [] : [var.node_class]

      content {
        attribute = "${node.class}"
        value     = constraint.value
      }
    }

    # Spread over machines and zones. Where machines have no zone, that spread has no effect.
    spread {
      attribute = "${node.unique.id}"
    }

    spread {
      attribute = "${attr.platform.aws.placement.availability-zone}"
    }

    # After a crash: restart at once, at most three times a minute, then reschedule to another machine.
    restart {
      attempts = 3
      interval = "1m"
      delay    = "1s"
      mode     = "fail"
    }

    reschedule {
      delay          = "5s"
      delay_function = "exponential"
      max_delay      = "1m"
      unlimited      = true
    }

    # If a machine loses its connection, its instances keep serving and replacements start elsewhere; when it is
    # back, Nomad keeps the best.
    disconnect {
      lost_after = "10m"
      replace    = true
      reconcile  = "best_score"
    }

    # A drain moves one instance at a time.
    migrate {
      max_parallel     = 1
      health_check     = "checks"
      min_healthy_time = "5s"
      healthy_deadline = "2m"
    }

    # Deregister from Consul, wait until callers' caches have expired, then SIGTERM.
    shutdown_delay = var.drain

    network {
      port "http" {
      }
    }

    service {
      name = var.service
      port = "http"

      meta {
        version = var.version
        alloc   = "${NOMAD_SHORT_ALLOC_ID}"
      }

      canary_meta {
        version = var.version
        alloc   = "${NOMAD_SHORT_ALLOC_ID}"
        canary  = "true"
      }

      # The gateway sends public traffic only to `stable`; a canary gets that tag when it is promoted.
      tags        = ["stable"]
      canary_tags = ["canary"]

      # Readiness. Without its database an instance isn't ready, but a restart wouldn't help.
      check {
        name     = "ready"
        type     = "http"
        path     = "/health/ready"
        interval = "2s"
        timeout  = "3s"
      }

      # Liveness: an instance that hangs is restarted. The limit is generous, because restarting slow instances would
      # make an overloaded machine even slower. The interval is short, here as above, because an instance counts as
      # unhealthy until its first check: after it starts, and after Consul restarts.
      check {
        name     = "live"
        type     = "http"
        path     = "/health/live"
        interval = "2s"
        timeout  = "10s"

        check_restart {
          limit = 7
          grace = "60s"
        }
      }
    }

    dynamic "volume" {
      for_each = local.database_ca == "" ? [] : [local.database_ca]
      labels   = ["database-ca"]

      content {
        type      = "host"
        source    = volume.value
        read_only = true
      }
    }

    task "service" {
      driver = var.driver

      # `sslrootcert` of the database's address names it (paths.database_ca in names.json).
      dynamic "volume_mount" {
        for_each = local.database_ca == "" ? [] : [1]

        content {
          volume      = "database-ca"
          destination = "/opt/votewave/share/rds-ca.pem"
          read_only   = true
        }
      }

      # Settings that the other driver doesn't know are null, and Nomad drops them.
      config {
        image           = var.driver == "docker" ? "${var.image}:${var.version}" : null
        ports           = var.driver == "docker" ? ["http"] : null
        readonly_rootfs = var.driver == "docker" ? true : null
        cap_drop        = var.driver == "docker" ? ["all"] : null
        ulimit          = var.driver == "docker" ? [{ nofile = "${var.open_files}:${var.open_files}" }] : null
        command         = var.driver == "docker" ? null : "${var.releases}/${var.version}/bin/votewave"
        args            = ["run", var.service]
      }

      env = merge(
        {
          VOTEWAVE_HOST  = var.driver == "docker" ? "0.0.0.0" : "${NOMAD_IP_http}"
          VOTEWAVE_PORT  = "${NOMAD_PORT_http}"
          VOTEWAVE_PEERS = "consul"
          # Consul's address differs between agents that share a machine.
          VOTEWAVE_CONSUL_URL = var.consul_url
          # Nomad registers it, by the `service` block above.
          VOTEWAVE_CONSUL_REGISTRATION = "nomad"
          VOTEWAVE_CONSUL_TOKEN_FROM   = var.consul_acl && !local.without_role ? "file://${NOMAD_SECRETS_DIR}/consul_token" : ""
          # The root is read-only, and archives of what is somebody's are put together on disk.
          TMPDIR = "${NOMAD_TASK_DIR}"
          # No further wait: `shutdown_delay` is over by then.
          VOTEWAVE_DRAIN_SECONDS = "0"
        },
        # AWS's libraries exchange the workload identity for the task's role, so no keys are stored.
        local.aws_role == "" ? {} : {
          AWS_ROLE_ARN                = format(local.aws_role, var.service)
          AWS_ROLE_SESSION_NAME       = "${NOMAD_ALLOC_ID}"
          AWS_WEB_IDENTITY_TOKEN_FILE = "${NOMAD_SECRETS_DIR}/nomad_aws.jwt"
        },
        var.environment,
        var.addresses,
        lookup(var.settings, var.service, {}),
      )

      dynamic "identity" {
        for_each = local.aws_role == "" ? [] : [1]

        content {
          name = "aws"
          aud  = ["sts.amazonaws.com"]
          file = true
          ttl  = "1h"
        }
      }

      # The task's Consul token, from the agent's `task_identity`: it may discover services and nothing else.
      dynamic "consul" {
        for_each = var.consul_acl && !local.without_role ? [1] : []

        content {
        }
      }

      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      resources {
        cpu    = lookup(lookup(var.sizes, var.service, {}), "cpu", var.cpu)
        memory = lookup(lookup(var.sizes, var.service, {}), "memory", var.memory)
      }

      logs {
        max_files     = 3
        max_file_size = 10
      }
    }
  }
}
