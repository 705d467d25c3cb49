output "url" {
  description = "Where users reach VoteWave."
  value       = "https://${var.domain}"
}

output "load_balancer_dns_name" {
  description = "The load balancer's own name."
  value       = aws_lb.this.dns_name
}

output "load_balancer_zone_id" {
  description = "The zone of that name, for aliases."
  value       = aws_lb.this.zone_id
}

output "load_balancer_suffix" {
  description = "The load balancer, as its metrics name it."
  value       = aws_lb.this.arn_suffix
}

output "gateway_target_group_suffix" {
  description = "The gateway's target group, as its metrics name it."
  value       = aws_lb_target_group.gateway.arn_suffix
}

output "nomad_target_group_suffix" {
  description = "The target group of Nomad's servers, as its metrics name it."
  value       = aws_lb_target_group.nomad.arn_suffix
}

output "target_group_arns" {
  description = "Target groups that machines join, by role."
  value = {
    edge   = [aws_lb_target_group.gateway.arn]
    server = concat([aws_lb_target_group.nomad.arn], aws_lb_target_group.consul[*].arn)
  }
}

output "health_check_id" {
  description = "Whether the site answers, as Route 53 sees it."
  value       = aws_route53_health_check.this.id
}
