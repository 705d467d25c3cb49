# The load balancer in front of the gateway. It terminates TLS and connects to the gateway with TLS again.

locals {
  answers = { first = "PRIMARY", second = "SECONDARY" }
}

resource "aws_lb" "this" {
  #checkov:skip=CKV2_AWS_20:The listener at port 80 redirects; checkov doesn't find it this deep in modules, and a test reads it in the plan.
  #checkov:skip=CKV2_AWS_76:The web ACL has the rules against Log4j, in a dynamic block; a test reads them in the plan.
  name               = var.prefix
  load_balancer_type = "application"
  internal           = false
  subnets            = var.subnet_ids
  security_groups    = [var.security_group_id]

  drop_invalid_header_fields       = true
  desync_mitigation_mode           = "strictest"
  enable_deletion_protection       = true
  enable_cross_zone_load_balancing = true
  preserve_host_header             = true
  # WebSockets and event streams are quiet between two results; the gateway's own limit is shorter.
  idle_timeout = 960

  access_logs {
    bucket  = var.log_bucket
    prefix  = "alb"
    enabled = true
  }

  connection_logs {
    bucket  = var.log_bucket
    prefix  = "alb-connections"
    enabled = true
  }
}

# HTTPS to the gateway, too. Its certificate is issued by the cluster's CA, which load balancers don't verify: TLS keeps
# the traffic secret, and the security group decides who receives it. The health check is of the gateway alone: one
# service that is down must not take the whole site down. It uses the operations port, in plain text because it reveals
# nothing else: a full gateway accepts nothing at its request port and would be taken out, then the next one.
resource "aws_lb_target_group" "gateway" {
  name                 = "${var.prefix}-gateway"
  vpc_id               = var.vpc_id
  target_type          = "instance"
  protocol             = "HTTPS"
  protocol_version     = "HTTP1"
  port                 = var.ports.gateway_https
  deregistration_delay = var.gateway_drain_seconds

  # The next request goes to the gateway with the fewest active ones. ELB can't combine this with a slow start.
  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    protocol            = "HTTP"
    port                = tostring(var.ports.gateway_metrics)
    path                = "/healthz"
    matcher             = "200"
    interval            = 5
    timeout             = 3
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = var.ports.https
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.gateway.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = var.ports.http
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = tostring(var.ports.https)
      status_code = "HTTP_301"
    }
  }
}

# Nomad's public keys, and nothing else of Nomad: IAM checks tasks' identities with them.
resource "aws_lb_target_group" "nomad" {
  name        = "${var.prefix}-nomad"
  vpc_id      = var.vpc_id
  target_type = "instance"
  protocol    = "HTTPS"
  port        = var.ports.nomad_http

  health_check {
    protocol = "HTTPS"
    path     = "/.well-known/jwks.json"
    matcher  = "200"
  }
}

resource "aws_lb_listener_rule" "issuer" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.nomad.arn
  }

  condition {
    host_header {
      values = [var.issuer_host]
    }
  }

  condition {
    path_pattern {
      values = ["/.well-known/openid-configuration", "/.well-known/jwks.json"]
    }
  }

  condition {
    http_request_method {
      values = ["GET"]
    }
  }
}

# Consoles, for operators' addresses alone; both ask for a token besides.
resource "aws_lb_target_group" "consul" {
  count = length(var.operator_cidrs) > 0 ? 1 : 0

  name        = "${var.prefix}-consul"
  vpc_id      = var.vpc_id
  target_type = "instance"
  protocol    = "HTTPS"
  port        = var.ports.consul_https

  health_check {
    protocol = "HTTPS"
    path     = "/v1/status/leader"
    matcher  = "200"
  }
}

resource "aws_lb_listener_rule" "console" {
  for_each = length(var.operator_cidrs) == 0 ? {} : {
    nomad  = { priority = 20, target = aws_lb_target_group.nomad.arn }
    consul = { priority = 21, target = aws_lb_target_group.consul[0].arn }
  }

  listener_arn = aws_lb_listener.https.arn
  priority     = each.value.priority

  action {
    type             = "forward"
    target_group_arn = each.value.target
  }

  condition {
    host_header {
      values = ["${each.key}.${var.domain}"]
    }
  }

  condition {
    source_ip {
      values = var.operator_cidrs
    }
  }
}

# Requests to the issuer's or a console's host name that match none of the rules above don't reach the site.
resource "aws_lb_listener_rule" "nothing" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 30

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "Not here."
      status_code  = "404"
    }
  }

  condition {
    host_header {
      values = [var.issuer_host, "nomad.${var.domain}", "consul.${var.domain}"]
    }
  }
}

resource "aws_route53_health_check" "this" {
  type              = "HTTPS"
  fqdn              = aws_lb.this.dns_name
  port              = var.ports.https
  resource_path     = "/healthz"
  request_interval  = 10
  failure_threshold = 3
  enable_sni        = true

  tags = { Name = var.prefix }
}

# DNS failover: the name resolves to the first region's load balancer while that is healthy, else to the second's, if any.
resource "aws_route53_record" "site" {
  zone_id         = var.zone_id
  name            = var.domain
  type            = "A"
  set_identifier  = var.answer
  health_check_id = aws_route53_health_check.this.id

  failover_routing_policy {
    type = local.answers[var.answer]
  }

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = true
  }
}

resource "aws_route53_record" "beside" {
  for_each = toset(concat([var.issuer_host], length(var.operator_cidrs) > 0 ? ["nomad.${var.domain}", "consul.${var.domain}"] : []))

  zone_id = var.zone_id
  name    = each.key
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = false
  }
}
