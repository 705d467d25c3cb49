# The autoscaler and the Prometheus that it queries: the number of instances follows the load. Each job's `scaling`
# block says what is scaled, by which metric and within which limits.
#
#   ./just deploy autoscaler COMMIT staging

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
  description = "docker: our own registry's repository, which has these images, too, by the same digests; empty: they are fetched from where they are made."
  type        = string
  default     = ""
}

variable "autoscaler_image" {
  description = "docker: of the version that tools/nomad-autoscaler/go.mod pins, by digest (docs/operations/aws.md has how to find it); else empty."
  type        = string

  validation {
    condition     = var.autoscaler_image == "" || length(split("@sha256:", var.autoscaler_image)) == 2
    error_message = "The autoscaler runs an image that is named by its digest, docker.io/hashicorp/nomad-autoscaler@sha256:… and so on."
  }
}

variable "prometheus_image" {
  description = "docker: Prometheus, by digest."
  type        = string
  default     = "docker.io/prom/prometheus@sha256:2659f4c2ebb718e7695cb9b25ffa7d6be64db013daba13e05c875451cf51b0d3" # v2.55.1

  validation {
    condition     = length(split("@sha256:", var.prometheus_image)) == 2
    error_message = "Prometheus runs an image that is named by its digest, docker.io/prom/prometheus@sha256:… and so on."
  }
}

variable "autoscaler_program" {
  description = "raw_exec: where nomad-autoscaler is."
  type        = string
  default     = "nomad-autoscaler"
}

variable "prometheus_program" {
  description = "raw_exec: where prometheus is."
  type        = string
  default     = "prometheus"
}

variable "nomad_url" {
  description = "Where the autoscaler finds Nomad; by the task's own socket unless said."
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
  images = {
    for name, image in { prometheus = var.prometheus_image, autoscaler = var.autoscaler_image } :
    name => var.image == "" || image == "" ? image : "${var.image}@${split("@", image)[1]}"
  }
  targets  = file("observability/prometheus/targets.yml")
  names    = jsondecode(file("terraform/modules/naming/names.json"))
  services = concat(keys(local.names.services), local.names.without_role)
}

job "autoscaler" {
  id          = "votewave-autoscaler"
  name        = "votewave-autoscaler"
  type        = "service"
  datacenters = var.datacenters

  update {
    min_healthy_time = "5s"
    healthy_deadline = "2m"
    auto_revert      = true
  }

  group "autoscaler" {
    # One instance: two would both set the same count.
    count = 1

    dynamic "constraint" {
      for_each = var.node_class == "" ? [] : [var.node_class]

      content {
        attribute = "${node.class}"
        value     = constraint.value
      }
    }

    # Each task reaches the other's port at the machine's address, with either driver.
    network {
      port "prometheus" {
      }

      port "health" {
      }
    }

    service {
      name = "autoscaler"
      port = "health"

      check {
        type     = "http"
        path     = "/v1/health"
        interval = "5s"
        timeout  = "3s"
      }
    }

    task "prometheus" {
      driver = var.driver

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      config {
        image           = local.docker ? local.images.prometheus : null
        auth_soft_fail  = local.docker && var.image == "" ? true : null # public: the registry's helper knows nothing of it
        network_mode    = local.docker ? "host" : null
        readonly_rootfs = local.docker ? true : null
        cap_drop        = local.docker ? ["all"] : null
        command         = local.docker ? null : var.prometheus_program
        args = [
          "--config.file=${NOMAD_TASK_DIR}/prometheus.yml",
          "--storage.tsdb.path=${NOMAD_TASK_DIR}/data",
          "--storage.tsdb.retention.time=1h",
          "--web.listen-address=${NOMAD_ADDR_prometheus}",
        ]
      }

      template {
        data        = file("observability/prometheus/autoscaling.yml")
        destination = "local/prometheus.yml"
      }

      template {
        # The comment is needed: Nomad refuses an empty template.
        data        = join("\n", concat(["# Whom Consul has healthy."], [for name in local.services : replace(local.targets, "SERVICE", name)]))
        destination = "local/targets.yml"
        change_mode = "noop" # Prometheus watches the file
      }

      dynamic "consul" {
        for_each = var.consul_acl ? [1] : []

        content {
        }
      }

      resources {
        cpu    = 100
        memory = 256
      }

      logs {
        max_files     = 2
        max_file_size = 5
      }
    }

    task "autoscaler" {
      driver = var.driver

      config {
        image           = local.docker ? local.images.autoscaler : null
        auth_soft_fail  = local.docker && var.image == "" ? true : null # public: the registry's helper knows nothing of it
        network_mode    = local.docker ? "host" : null
        readonly_rootfs = local.docker ? true : null
        cap_drop        = local.docker ? ["all"] : null
        command         = local.docker ? null : var.autoscaler_program
        args            = ["agent", "-config=${NOMAD_TASK_DIR}/autoscaler.hcl"]
      }

      # The task authenticates to Nomad with its workload identity; nomad/autoscaler/policy.hcl has its rights.
      identity {
        env = true
      }

      env {
        NOMAD_ADDR = var.nomad_url == "" ? "unix://${NOMAD_SECRETS_DIR}/api.sock" : var.nomad_url
      }

      template {
        data        = file("nomad/autoscaler/autoscaler.hcl")
        destination = "local/autoscaler.hcl"
      }

      resources {
        cpu    = 100
        memory = 128
      }

      logs {
        max_files     = 2
        max_file_size = 5
      }
    }
  }
}
