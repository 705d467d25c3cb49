# The load gate from inside the cluster: `./just load gate` as a dispatched job.
#
#   nomad job run -hcl2-strict=false -var version=COMMIT -var-file nomad/env/staging.hcl nomad/jobs/loadtest.nomad.hcl
#   nomad job dispatch -meta suite=rush -meta canary=votebooth votewave-loadtest
#   nomad alloc logs -job votewave-loadtest/dispatch-…        the table; with -stderr the progress
#
# The dispatched job fails if the gate doesn't pass; the table says why. It isn't retried.

variable "version" {
  description = "Whose load tests: the image's tag without -load; shown in the job."
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
  description = "docker: the image without its tag; loadtests/Dockerfile makes the one with the tag VERSION-load."
  type        = string
  default     = "votewave"
}

variable "load_python" {
  description = "raw_exec: a Python that has the packages of the group `load`."
  type        = string
  default     = "/opt/votewave/load/bin/python"
}

variable "load_source" {
  description = "raw_exec: the clone, or any folder that holds loadtests and nomad/gateway/routes.map."
  type        = string
  default     = "/opt/votewave/load/source"
}

variable "load_url" {
  description = "What is put under load unless the dispatch says; empty for a gateway that Consul knows."
  type        = string
  default     = ""
}

variable "load_gates" {
  description = "raw_exec: another file of thresholds; empty for loadtests/gates.toml."
  type        = string
  default     = ""
}

variable "load_store" {
  description = "Where reports are kept: s3://BUCKET/PREFIX or file:///DIRECTORY; empty for nowhere but the task's folder."
  type        = string
  default     = ""
}

variable "environment" {
  description = "VOTEWAVE_ENVIRONMENT names the thresholds; AWS_… says where AWS is."
  type        = map(string)
  default     = {}
}

variable "addresses" {
  description = "Settings that are known once the environment stands."
  type        = map(string)
  default     = {}
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

variable "consul_acl" {
  description = "Whether Consul asks for tokens: then the task gets its own, for its identity."
  type        = bool
  default     = true
}

locals {
  docker = var.driver == "docker"
}

job "loadtest" {
  id          = "votewave-loadtest"
  name        = "votewave-loadtest"
  type        = "batch"
  datacenters = var.datacenters

  # A low priority: where capacity is short, services come first and this job waits.
  priority = 30

  parameterized {
    payload       = "forbidden"
    meta_optional = ["what", "env", "url", "suite", "seconds", "canary", "seed"]
  }

  # Defaults of the dispatch's parameters; an empty one leaves the command's own default.
  meta {
    version = var.version
    env     = lookup(var.environment, "VOTEWAVE_ENVIRONMENT", "")
    what    = "gate"
    url     = var.load_url
    suite   = ""
    seconds = ""
    canary  = ""
    seed    = ""
  }

  group "loadtest" {
    dynamic "constraint" {
      for_each = var.node_class == "" ? [] : [var.node_class]

      content {
        attribute = "${node.class}"
        value     = constraint.value
      }
    }

    # No restart: the gate's first verdict counts.
    restart {
      attempts = 0
      mode     = "fail"
    }

    reschedule {
      attempts  = 0
      unlimited = false
    }

    task "gate" {
      driver = var.driver

      # Settings that the other driver doesn't know are null, and Nomad drops them.
      config {
        image           = local.docker ? "${var.image}:${var.version}-load" : null
        entrypoint      = local.docker ? ["python", "-m", "loadtests.load"] : null
        readonly_rootfs = local.docker ? true : null
        cap_drop        = local.docker ? ["all"] : null
        command         = local.docker ? null : var.load_python
        args            = concat(local.docker ? [] : ["-m", "loadtests.load"], ["${NOMAD_META_what}"])
      }

      env = merge(
        {
          PYTHONUNBUFFERED      = "1"
          TMPDIR                = "${NOMAD_TASK_DIR}" # the root is read-only
          VOTEWAVE_LOAD_ENV     = "${NOMAD_META_env}"
          VOTEWAVE_LOAD_URL     = "${NOMAD_META_url}"
          VOTEWAVE_LOAD_SUITE   = "${NOMAD_META_suite}"
          VOTEWAVE_LOAD_SECONDS = "${NOMAD_META_seconds}"
          VOTEWAVE_LOAD_CANARY  = "${NOMAD_META_canary}"
          VOTEWAVE_LOAD_SEED    = "${NOMAD_META_seed}"
          VOTEWAVE_LOAD_STORE   = var.load_store
          VOTEWAVE_LOAD_VERSION = var.version
          VOTEWAVE_LOAD_REPORT  = "${NOMAD_ALLOC_DIR}/data/${NOMAD_SHORT_ALLOC_ID}"
        },
        local.docker ? {} : { PYTHONPATH = var.load_source },
        var.load_gates == "" ? {} : { VOTEWAVE_LOAD_GATES = var.load_gates },
        # For the reports: S3 by the job's own role.
        var.aws_role == "" ? {} : {
          AWS_ROLE_ARN                = format(var.aws_role, "loadtest")
          AWS_ROLE_SESSION_NAME       = "${NOMAD_ALLOC_ID}"
          AWS_WEB_IDENTITY_TOKEN_FILE = "${NOMAD_SECRETS_DIR}/nomad_aws.jwt"
        },
        var.environment,
        var.addresses,
      )

      # Any gateway, if no address is given. If there is none, the gate says so and exits with 2.
      dynamic "template" {
        for_each = var.load_url == "" ? [1] : []

        content {
          destination = "local/gateway.env"
          env         = true
          change_mode = "noop"
          data        = <<-EOT
            {{ range $place, $it := service "gateway" }}{{ if eq $place 0 }}VOTEWAVE_LOAD_GATEWAY=http://{{ $it.Address }}:{{ $it.Port }}{{ end }}{{ end }}
          EOT
        }
      }

      dynamic "consul" {
        for_each = var.consul_acl && var.load_url == "" ? [1] : []

        content {
        }
      }

      dynamic "identity" {
        for_each = var.aws_role == "" ? [] : [1]

        content {
          name = "aws"
          aud  = ["sts.amazonaws.com"]
          file = true
          ttl  = "1h"
        }
      }

      # Time for it to delete the data that it created.
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      resources {
        cpu    = 1000
        memory = 512
      }

      logs {
        max_files     = 3
        max_file_size = 10
      }
    }
  }
}
