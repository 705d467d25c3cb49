# The gateway: HAProxy on every edge machine; all public traffic enters here. Its configuration is in nomad/gateway.
#
#   nomad job run -hcl2-strict=false -var-file nomad/env/staging.hcl nomad/jobs/gateway.nomad.hcl
#
# It starts once Auth has stored its public keys in Consul (VOTEWAVE_AUTH_GATEWAY_KEYS).

variable "version" {
  description = "What is deployed: the commit of the configuration; shown in Consul. A new one replaces the gateways, one after the other."
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
  description = "docker: our own registry's repository, which has the gateway's image, too, by the same digest; empty: it is fetched from where it is made."
  type        = string
  default     = ""
}

variable "gateway_image" {
  description = "docker: HAProxy 2.6, by digest: haproxy@sha256:…"
  type        = string
  default     = "docker.io/library/haproxy@sha256:82c023b4f99e2090b14dbe7f04b0590b4e0af608f7c29cedcabf25c34fb066cd" # 2.6.34, on Debian 13

  validation {
    condition     = length(split("@sha256:", var.gateway_image)) == 2
    error_message = "The gateway runs an image that is named by its digest, haproxy@sha256:… and so on."
  }
}

variable "gateway_command" {
  description = "raw_exec: the program."
  type        = string
  default     = "haproxy"
}

variable "gateway_user" {
  description = "Whom it runs as; empty for whom the Nomad client runs as (raw_exec), or haproxy in the group of the certificate (docker)."
  type        = string
  default     = ""
}

variable "services" {
  description = "Which services there are; empty for those in names.json."
  type        = list(string)
  default     = []
}

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

variable "gateway_node_class" {
  description = "Run on clients of this class only; empty for any."
  type        = string
  default     = "edge"
}

variable "gateway_http_port" {
  description = "Where load balancers come to; 0 for any, where several gateways share a machine."
  type        = number
  default     = 8080
}

variable "gateway_metrics_port" {
  description = "Metrics and /healthz; 0 for any."
  type        = number
  default     = 8404
}

variable "gateway_https_port" {
  description = "TLS between load balancer and gateway; used if there is a certificate."
  type        = number
  default     = 8443
}

variable "gateway_certificate" {
  description = "raw_exec: a file with a certificate and its key, in PEM; empty for none."
  type        = string
  default     = ""
}

variable "gateway_certificate_volume" {
  description = "docker: the machine's host volume that is such a file; empty for none."
  type        = string
  default     = ""
}

variable "gateway_keep_alive" {
  description = "Seconds that an unused connection stays: longer than the load balancer's own limit (an ALB's `idle_timeout`)."
  type        = number
  default     = 1000
}

variable "gateway_dns" {
  description = "Consul's DNS on this machine."
  type        = string
  default     = "127.0.0.1:8600"
}

variable "gateway_scheme" {
  description = "How users come in: https, where TLS ends in front of the gateway or at it, or http."
  type        = string
  default     = "http"

  validation {
    condition     = contains(["http", "https"], var.gateway_scheme)
    error_message = "The scheme is http or https."
  }
}

variable "gateway_trusted_proxies" {
  description = "Proxies in front of the gateway that append to X-Forwarded-For: 1 behind an ALB."
  type        = number
  default     = 1
}

variable "gateway_origins" {
  description = "Other sites whose pages may call the API (CORS): https://app.example.org."
  type        = list(string)
  default     = []
}

variable "gateway_canary_from" {
  description = "Addresses whose X-VoteWave-Canary counts."
  type        = list(string)
  default     = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128"]
}

variable "gateway_limits" {
  description = "At one gateway. Requests in ten seconds: address, subject, and a subject's ballots. WebSockets and event streams at a time: address_streams, subject_streams."
  type        = map(number)
  default     = {}
}

variable "gateway_max_body" {
  description = "Bytes of a body; services take 1 MB."
  type        = number
  default     = 1000000
}

variable "gateway_maxconn" {
  description = "Connections at a time; twice as many file descriptors and some."
  type        = number
  default     = 20000
}

variable "gateway_streams" {
  description = "WebSockets and event streams at a time, of all users to one service; the rest of the connections is for requests. 0 for half of gateway_maxconn."
  type        = number
  default     = 0
}

variable "gateway_instance_requests" {
  description = "Requests under way at one instance of a service, and as many waiting for it."
  type        = number
  default     = 256
}

variable "gateway_slots" {
  description = "Instances of a service at most."
  type        = number
  default     = 20
}

variable "gateway_drain" {
  description = "Seconds that /healthz says 503 before the listeners close: longer than load balancers take to notice."
  type        = number
  default     = 15
}

variable "gateway_finish" {
  description = "Seconds that requests, WebSockets and streams have to end after that."
  type        = number
  default     = 20
}

variable "issuer" {
  description = "`iss` of access tokens (VOTEWAVE_ISSUER)."
  type        = string
  default     = "votewave"
}

variable "audience" {
  description = "`aud` of access tokens (VOTEWAVE_AUDIENCE)."
  type        = string
  default     = "votewave"
}

variable "gateway_cpu" {
  description = "MHz that it is sure of."
  type        = number
  default     = 300
}

variable "gateway_memory" {
  description = "MB that it may use."
  type        = number
  default     = 256
}

variable "consul_acl" {
  description = "Whether Consul asks for tokens: then the task gets its own, for its identity."
  type        = bool
  default     = true
}

locals {
  folder   = "nomad/gateway"
  user     = var.gateway_user == "" && var.driver == "docker" ? "haproxy:root" : var.gateway_user
  docker   = var.driver == "docker"
  image    = var.image == "" ? var.gateway_image : "${var.image}@${split("@", var.gateway_image)[1]}"
  names    = jsondecode(file("terraform/modules/naming/names.json"))
  services = length(var.services) > 0 ? var.services : concat(keys(local.names.services), local.names.without_role)
  # Everybody in a full hall may share one address and watch a poll: with two gateways, 8,000 people. So one address
  # gets at most a fifth of a gateway's connections and two fifths of its streams. A signed-in user's limit is how many
  # windows they can watch in.
  limits   = merge({ address = 5000, subject = 300, ballots = 60, address_streams = 4000, subject_streams = 50 }, var.gateway_limits)
  backends = file("${local.folder}/backends.cfg")
  # While a release of the web client is under way, an asset of one version may be asked of an instance of the other.
  retried = "conn-failure empty-response"
  servers = file("${local.folder}/servers.state")
  # The path in the container, whatever the file's path outside.
  certificate = var.gateway_certificate_volume == "" ? var.gateway_certificate : "/certificate.pem"
  # Room for as many keys as Auth publishes at most.
  keys = 4

  problems = fileset("${local.folder}/problems", "*.json")

  files = merge(
    { for name in local.problems : name => file("${local.folder}/problems/${name}") },
    {
      "routes.map"   = file("${local.folder}/routes.map")
      "roots.map"    = file("${local.folder}/roots.map")
      "streams.lst"  = file("${local.folder}/streams.lst")
      "pages.lst"    = file("${local.folder}/pages.lst")
      "services.lst" = join("", [for name in local.services : "${name}\n"])
      # The comment is needed: Nomad refuses an empty template.
      "origins.lst"     = join("", concat(["# CORS\n"], [for origin in var.gateway_origins : "${origin}\n"]))
      "canary-from.lst" = join("", [for range in var.gateway_canary_from : "${range}\n"])
    },
  )
}

job "votewave-gateway" {
  id          = "votewave-gateway"
  name        = "votewave-gateway"
  type        = "system"
  datacenters = var.datacenters
  # Votes pass through the gateway: less urgent jobs must not preempt it.
  priority = 80

  meta {
    version = var.version
  }

  # Updates one machine after the other, each only if the ones before are healthy, so a bad version stops at the first
  # machine. No auto_revert: up to Nomad 1.11.2 a system job's deployment may fail although every gateway is healthy
  # (docs/decisions/0019-a-bad-gateway-is-taken-back-by-hand.md).
  update {
    max_parallel     = 1
    min_healthy_time = "5s"
    # Long, because the gateway may have to wait for Auth's first keys.
    healthy_deadline  = "5m"
    progress_deadline = "10m"
    auto_revert       = false
  }

  group "gateway" {
    dynamic "constraint" {
      for_each = var.gateway_node_class == "" ? [] : [var.gateway_node_class]

      content {
        attribute = "${node.class}"
        value     = constraint.value
      }
    }

    restart {
      attempts = 10
      interval = "5m"
      delay    = "1s"
      mode     = "delay"
    }

    network {
      port "http" {
        static = var.gateway_http_port
      }

      port "metrics" {
        static = var.gateway_metrics_port
      }

      dynamic "port" {
        for_each = local.certificate == "" ? [] : [var.gateway_https_port]
        labels   = ["https"]

        content {
          static = port.value
        }
      }

      # Loopback ports: between the two tasks, and between the gateway's old process and its new one.
      port "leader" {
      }

      port "peers" {
      }
    }

    dynamic "volume" {
      for_each = var.gateway_certificate_volume == "" ? [] : [var.gateway_certificate_volume]
      labels   = ["certificate"]

      content {
        type      = "host"
        source    = volume.value
        read_only = true
      }
    }

    service {
      name = "gateway"
      port = "http"

      meta {
        version = var.version
        metrics = "${NOMAD_PORT_metrics}"
      }

      check {
        name     = "ready"
        type     = "http"
        path     = "/healthz"
        interval = "2s"
        timeout  = "3s"
      }
    }

    # The leader: Nomad stops it first, and the gateway only when it has ended.
    task "leader" {
      driver = var.driver
      leader = true
      user   = local.user

      config {
        image           = local.docker ? local.image : null
        auth_soft_fail  = local.docker && var.image == "" ? true : null # public: the registry's helper knows nothing of it
        network_mode    = local.docker ? "host" : null
        readonly_rootfs = local.docker ? true : null
        cap_drop        = local.docker ? ["all"] : null
        command         = var.gateway_command
        args            = ["-f", "${NOMAD_TASK_DIR}/leader.cfg"]
      }

      env {
        GATEWAY_DRAIN       = "${var.gateway_drain}s"
        GATEWAY_LEADER_PORT = "${NOMAD_PORT_leader}"
      }

      template {
        destination = "local/leader.cfg"
        data        = file("${local.folder}/leader.cfg")
      }

      kill_signal  = "SIGUSR1"
      kill_timeout = "${var.gateway_drain + 5}s"

      resources {
        cpu    = 20
        memory = 32
      }
    }

    task "gateway" {
      driver = var.driver
      user   = local.user

      dynamic "volume_mount" {
        for_each = var.gateway_certificate_volume == "" ? [] : [1]

        content {
          volume      = "certificate"
          destination = "/certificate.pem"
          read_only   = true
        }
      }

      config {
        image           = local.docker ? local.image : null
        auth_soft_fail  = local.docker && var.image == "" ? true : null # public: the registry's helper knows nothing of it
        network_mode    = local.docker ? "host" : null
        readonly_rootfs = local.docker ? true : null
        cap_drop        = local.docker ? ["all"] : null
        ulimit          = local.docker ? [{ nofile = "${2 * var.gateway_maxconn + 1000}:${2 * var.gateway_maxconn + 1000}" }] : null
        command         = var.gateway_command
        args            = ["-W", "-f", "${NOMAD_TASK_DIR}/haproxy.cfg"]
      }

      env = merge(
        {
          GATEWAY_HTTP                  = "${NOMAD_ADDR_http}"
          GATEWAY_METRICS               = "${NOMAD_ADDR_metrics}"
          GATEWAY_LEADER_PORT           = "${NOMAD_PORT_leader}"
          GATEWAY_PEERS_PORT            = "${NOMAD_PORT_peers}"
          GATEWAY_FILES                 = "${NOMAD_TASK_DIR}/files"
          GATEWAY_KEYS                  = "${NOMAD_TASK_DIR}/keys"
          GATEWAY_SERVERS               = "${NOMAD_TASK_DIR}/servers.state"
          GATEWAY_DNS                   = var.gateway_dns
          GATEWAY_SCHEME                = var.gateway_scheme
          GATEWAY_HOPS                  = "${var.gateway_trusted_proxies}"
          GATEWAY_ISSUER                = var.issuer
          GATEWAY_AUDIENCE              = var.audience
          GATEWAY_LIMIT_ADDRESS         = "${local.limits.address}"
          GATEWAY_LIMIT_SUBJECT         = "${local.limits.subject}"
          GATEWAY_LIMIT_BALLOTS         = "${local.limits.ballots}"
          GATEWAY_LIMIT_ADDRESS_STREAMS = "${local.limits.address_streams}"
          GATEWAY_LIMIT_SUBJECT_STREAMS = "${local.limits.subject_streams}"
          GATEWAY_STREAMS               = "${var.gateway_streams > 0 ? var.gateway_streams : floor(var.gateway_maxconn / 2)}"
          GATEWAY_MAX_BODY              = "${var.gateway_max_body}"
          GATEWAY_MAXCONN               = "${var.gateway_maxconn}"
          GATEWAY_MAXCONN_PUBLIC        = "${floor(var.gateway_maxconn * 0.95)}"
          GATEWAY_INSTANCE_REQUESTS     = "${var.gateway_instance_requests}"
          GATEWAY_INSTANCE_QUEUE        = "${var.gateway_instance_requests}"
          GATEWAY_SLOTS                 = "${var.gateway_slots}"
          GATEWAY_FINISH                = "${var.gateway_finish}s"
          GATEWAY_KEEP_ALIVE            = "${var.gateway_keep_alive}s"
        },
        local.certificate == "" ? {} : {
          GATEWAY_HTTPS       = "${NOMAD_ADDR_https}"
          GATEWAY_CERTIFICATE = local.certificate
        },
      )

      # When Auth's keys change, a new process with the new keys takes over the gateway's sockets.
      template {
        destination   = "local/haproxy.cfg"
        change_mode   = "signal"
        change_signal = "SIGUSR2"
        data          = join("", concat([file("${local.folder}/haproxy.cfg")], [for name in local.services : replace(replace(local.backends, "SERVICE", name), "RETRIED", name == "web" ? "${local.retried} 404" : local.retried)]))
      }

      # The instances' addresses in HAProxy's server state format (`show servers state`), read by a process that takes
      # over; the running process learns them by DNS. Unhealthy instances are included, because Consul reports all as
      # unhealthy right after it restarts; those that really are fail their first checks.
      template {
        destination = "local/servers.state"
        change_mode = "noop"
        data        = join("", concat(["1\n"], [for name in local.services : replace(local.servers, "SERVICE", name)]))
      }

      dynamic "template" {
        for_each = range(local.keys)

        content {
          destination   = "local/keys/key-${template.value}.pem"
          change_mode   = "signal"
          change_signal = "SIGUSR2"
          data          = <<-EOT
            {{ range $slot, $key := (key "votewave/gateway/keys" | parseJSON).keys }}{{ if eq $slot ${template.value} }}{{ $key.pem }}{{ end }}{{ end }}
          EOT
        }
      }

      dynamic "template" {
        for_each = local.files

        content {
          destination = "local/files/${template.key}"
          data        = template.value
          change_mode = "noop"
        }
      }

      dynamic "consul" {
        for_each = var.consul_acl ? [1] : []

        content {
        }
      }

      kill_signal  = "SIGUSR1"
      kill_timeout = "${var.gateway_finish + 5}s"

      resources {
        cpu    = var.gateway_cpu
        memory = var.gateway_memory
      }

      logs {
        max_files     = 3
        max_file_size = 10
      }
    }
  }
}
