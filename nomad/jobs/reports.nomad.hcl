# Periodic reports. So far there is one: it compares every poll's counters with its stored ballots (`votewave recount
# --all`). The run fails if any differ, and its log says which.
#
#   nomad job run -hcl2-strict=false -var version=COMMIT -var-file nomad/env/staging.hcl -var-file VALUES \
#     nomad/jobs/reports.nomad.hcl
#   nomad job periodic force votewave-reports      run it now

variable "version" {
  description = "What is deployed: the image's tag."
  type        = string
}

variable "reports_at" {
  description = "When, as cron has it, in UTC."
  type        = string
  default     = "17 3 * * *"
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
  description = "VOTEWAVE_… settings that are decided."
  type        = map(string)
  default     = {}
}

variable "addresses" {
  description = "VOTEWAVE_… settings that are known once the environment stands."
  type        = map(string)
  default     = {}
}

variable "database_ca_volume" {
  description = "docker: the machine's host volume that has the certificate authorities of the database's servers; empty for none."
  type        = string
  default     = ""
}

variable "aws_role" {
  description = "ARN of the jobs' roles, %s for the name; empty where there are none."
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

job "reports" {
  id          = "votewave-reports"
  name        = "votewave-reports"
  type        = "batch"
  datacenters = var.datacenters

  # The lowest priority: everything else is placed first.
  priority = 20

  periodic {
    crons            = [var.reports_at]
    time_zone        = "UTC"
    prohibit_overlap = true
  }

  meta {
    version = var.version
  }

  group "recount" {
    dynamic "constraint" {
      for_each = var.node_class == "" ? [] : [var.node_class]

      content {
        attribute = "${node.class}"
        value     = constraint.value
      }
    }

    # No retry: a second count would find the same difference.
    restart {
      attempts = 1
      interval = "1h"
      delay    = "30s"
      mode     = "fail"
    }

    reschedule {
      attempts  = 0
      unlimited = false
    }

    dynamic "volume" {
      for_each = var.database_ca_volume == "" ? [] : [var.database_ca_volume]
      labels   = ["database-ca"]

      content {
        type      = "host"
        source    = volume.value
        read_only = true
      }
    }

    task "recount" {
      driver = var.driver

      # `sslrootcert` of the database's address names it (paths.database_ca in names.json).
      dynamic "volume_mount" {
        for_each = var.database_ca_volume == "" ? [] : [1]

        content {
          volume      = "database-ca"
          destination = "/opt/votewave/share/rds-ca.pem"
          read_only   = true
        }
      }

      # Settings that the other driver doesn't know are null, and Nomad drops them.
      config {
        image           = var.driver == "docker" ? "${var.image}:${var.version}" : null
        readonly_rootfs = var.driver == "docker" ? true : null
        cap_drop        = var.driver == "docker" ? ["all"] : null
        command         = var.driver == "docker" ? null : "${var.releases}/${var.version}/bin/votewave"
        args            = ["recount", "--all"]
      }

      env = merge(
        var.aws_role == "" ? {} : {
          AWS_ROLE_ARN                = format(var.aws_role, "reports")
          AWS_ROLE_SESSION_NAME       = "${NOMAD_ALLOC_ID}"
          AWS_WEB_IDENTITY_TOKEN_FILE = "${NOMAD_SECRETS_DIR}/nomad_aws.jwt"
        },
        var.environment,
        var.addresses,
      )

      dynamic "identity" {
        for_each = var.aws_role == "" ? [] : [1]

        content {
          name = "aws"
          aud  = ["sts.amazonaws.com"]
          file = true
          ttl  = "1h"
        }
      }

      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      resources {
        cpu    = 200
        memory = 512
      }

      logs {
        max_files     = 3
        max_file_size = 10
      }
    }
  }
}
