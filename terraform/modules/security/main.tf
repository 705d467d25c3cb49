# Which machines may connect to which. Every rule has a security group as its source; only the load balancer is open to
# the world. EC2 allows no apostrophe in a description.

locals {
  p = var.ports

  groups = {
    balancer = "The load balancer"
    server   = "Consul and Nomad servers"
    edge     = "Machines of the gateway"
    app      = "Machines of the services"
    database = "Postgres"
    cache    = "Valkey"
  }

  cluster = ["server", "edge", "app"]

  # From => to => what. One line a rule, so that a reader sees all of them at once.
  rules = merge(
    {
      "balancer-edge-gateway" = { from = "balancer", to = "edge", port = local.p.gateway_https, why = "requests" }
      "balancer-edge-health"  = { from = "balancer", to = "edge", port = local.p.gateway_metrics, why = "whether a gateway is well, also when it is full" }
      "balancer-server-oidc"  = { from = "balancer", to = "server", port = local.p.nomad_http, why = "keys of the identities by Nomad, which IAM reads" }
    },
    length(var.operator_cidrs) == 0 ? {} : {
      "balancer-server-consul" = { from = "balancer", to = "server", port = local.p.consul_https, why = "console of Consul, from the addresses of operators" }
    },
    merge([for from in local.cluster : merge(
      {
        "${from}-server-consul-rpc" = { from = from, to = "server", port = local.p.consul_rpc, why = "Consul agents to servers" }
        "${from}-server-consul"     = { from = from, to = "server", port = local.p.consul_https, why = "API of Consul" }
        "${from}-server-nomad"      = { from = from, to = "server", port = local.p.nomad_http, why = "API of Nomad" }
        "${from}-server-nomad-rpc"  = { from = from, to = "server", port = local.p.nomad_rpc, why = "Nomad clients to servers" }
      },
      merge([for to in local.cluster : {
        "${from}-${to}-gossip-tcp" = { from = from, to = to, port = local.p.consul_serf_lan, why = "gossip of Consul" }
        "${from}-${to}-gossip-udp" = { from = from, to = to, port = local.p.consul_serf_lan, protocol = "udp", why = "gossip of Consul" }
      }]...),
    )]...),
    {
      "server-server-nomad-gossip-tcp" = { from = "server", to = "server", port = local.p.nomad_serf, why = "Nomad servers among each other" }
      "server-server-nomad-gossip-udp" = { from = "server", to = "server", port = local.p.nomad_serf, protocol = "udp", why = "Nomad servers among each other" }
      "server-edge-nomad"              = { from = "server", to = "edge", port = local.p.nomad_http, why = "logs and files of tasks" }
      "server-app-nomad"               = { from = "server", to = "app", port = local.p.nomad_http, why = "logs and files of tasks" }
      "edge-app-tasks"                 = { from = "edge", to = "app", port = local.p.tasks_from, to_port = local.p.tasks_to, why = "gateway to services" }
      "app-app-tasks"                  = { from = "app", to = "app", port = local.p.tasks_from, to_port = local.p.tasks_to, why = "services to each other; migrations, load tests" }
      "app-edge-gateway"               = { from = "app", to = "edge", port = local.p.gateway_http, why = "load tests against the gateway" }
      "app-edge-metrics"               = { from = "app", to = "edge", port = local.p.gateway_metrics, why = "metrics" }
      "app-database"                   = { from = "app", to = "database", port = local.p.postgres, why = "services to Postgres" }
      "app-cache"                      = { from = "app", to = "cache", port = local.p.redis, why = "services to Valkey" }
    },
  )
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:They are attached in other modules, which get their ids; checkov sees one module.
  for_each = { for role, what in local.groups : role => what if !contains(keys(var.existing), role) }

  name        = "${var.prefix}-${each.key}"
  description = each.value
  vpc_id      = var.vpc_id

  tags = { Name = "${var.prefix}-${each.key}" }

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  ids = merge({ for role, group in aws_security_group.this : role => group.id }, var.existing)
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = local.rules

  security_group_id            = local.ids[each.value.to]
  referenced_security_group_id = local.ids[each.value.from]
  description                  = "${each.value.from}: ${each.value.why}"
  ip_protocol                  = try(each.value.protocol, "tcp")
  from_port                    = each.value.port
  to_port                      = try(each.value.to_port, each.value.port)
}

# The load balancer, and nothing else, is open to everybody: 443, and 80 to be sent to 443.
resource "aws_vpc_security_group_ingress_rule" "world" {
  for_each = { https = local.p.https, http = local.p.http }

  security_group_id = aws_security_group.this["balancer"].id
  description       = each.key == "http" ? "Everybody, to be redirected to HTTPS" : "Everybody"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

# Egress rules mirror ingress rules: what one group accepts, the other may send.
resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = local.rules

  security_group_id            = local.ids[each.value.from]
  referenced_security_group_id = local.ids[each.value.to]
  description                  = "${each.value.to}: ${each.value.why}"
  ip_protocol                  = try(each.value.protocol, "tcp")
  from_port                    = each.value.port
  to_port                      = try(each.value.to_port, each.value.port)
}

# Machines reach packages, images and AWS's services over HTTPS. Databases and the load balancer have no such egress.
resource "aws_vpc_security_group_egress_rule" "https" {
  for_each = toset(local.cluster)

  security_group_id = aws_security_group.this[each.key].id
  description       = "HTTPS to AWS and to package mirrors"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = local.p.https
  to_port           = local.p.https
}
