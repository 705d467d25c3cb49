# Migrations, run to completion once per release before new code starts.
#
#   nomad job run -hcl2-strict=false -var version=COMMIT -var-file nomad/env/staging.hcl -var-file VALUES \
#     nomad/jobs/migrate.nomad.hcl

variable "version" {
  description = "What is deployed: the image's tag."
  type        = string
}

variable "run" {
  description = "Tells this run from others of the same version, for Nomad runs the same job but once."
  type        = string
  default     = ""
}

variable "services" {
  description = "Which services' tables; all by default."
  type        = list(string)
  default     = ["all"]
}

variable "allow_contract" {
  description = "Why revisions may take away what the release before uses; empty if they may not."
  type        = string
  default     = ""
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

variable "master_secret" {
  description = "The database's master user: the secret's name, or the ARN of the one that RDS manages."
  type        = string
  default     = "migrate/master"
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

job "migrate" {
  id          = "votewave-migrate"
  name        = "votewave-migrate"
  type        = "batch"
  datacenters = var.datacenters

  # The highest priority: a release can't continue without it.
  priority = 80

  meta {
    version = var.version
    run     = var.run
  }

  group "migrate" {
    dynamic "constraint" {
      for_each = var.node_class == "" ? [] : [var.node_class]

      content {
        attribute = "${node.class}"
        value     = constraint.value
      }
    }

    # No restart: a refused migration would be refused again. tools/release tells failures apart and retries.
    restart {
      attempts = 0
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

    task "migrate" {
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
        args = concat(
          ["migrate", "--json", "--expand-only"],
          var.allow_contract == "" ? [] : ["--allow-contract", var.allow_contract],
          var.services,
        )
      }

      env = merge(
        {
          VOTEWAVE_ADMIN_SECRET = var.master_secret
        },
        var.aws_role == "" ? {} : {
          AWS_ROLE_ARN                = format(var.aws_role, "migrate")
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
        cpu    = 300
        memory = 256
      }

      logs {
        max_files     = 3
        max_file_size = 10
      }
    }
  }
}
