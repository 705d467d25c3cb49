variables {
  prefix = "votewave-staging"
  vpc_id = "vpc-1"
  ports = {
    gateway_http = 8080, gateway_https = 8443, gateway_metrics = 8404, consul_http = 8500, consul_https = 8501,
    consul_rpc   = 8300, consul_serf_lan = 8301, nomad_http = 4646, nomad_rpc = 4647, nomad_serf = 4648, tasks_from = 20000,
    tasks_to     = 32000, postgres = 5432, redis = 6379, https = 443, http = 80
  }
}

run "only_apps_reach_the_data" {
  command = plan

  assert {
    condition     = toset([for name, rule in local.rules : rule.from if contains(["database", "cache"], rule.to)]) == toset(["app"])
    error_message = "Postgres and Valkey listen to the machines of the services alone."
  }

  assert {
    condition     = toset([for name, rule in aws_vpc_security_group_ingress_rule.world : rule.from_port]) == toset([80, 443])
    error_message = "The world reaches 443, and 80 to be sent there."
  }

  assert {
    condition     = length([for name, rule in local.rules : name if rule.from == "balancer" && rule.port == 8501]) == 0
    error_message = "Without operators' addresses there is no way to a console."
  }
}

run "everybody_is_no_operator" {
  command = plan

  variables {
    operator_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.operator_cidrs]
}

run "operators_have_addresses" {
  command = plan

  variables {
    operator_cidrs = ["192.0.2.0/24"]
  }

  assert {
    condition     = length([for name, rule in local.rules : name if rule.from == "balancer" && rule.port == 8501]) == 1
    error_message = "With them the load balancer reaches Consul's console."
  }
}
