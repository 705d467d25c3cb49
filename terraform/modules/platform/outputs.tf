output "url" {
  description = "Where users reach VoteWave."
  value       = module.edge.url
}

output "nomad_values" {
  description = "Values of the Nomad jobs that are known only here; also in the parameter that `nomad_values_parameter` names."
  value       = local.nomad_values
}

output "nomad_values_parameter" {
  description = "The parameter with these values."
  value       = aws_ssm_parameter.nomad_values.name
}

output "user_data" {
  description = "What machines of each role are told at birth."
  value       = module.cluster.user_data
}

output "security_group_ids" {
  description = "Security groups by role."
  value       = module.security.group_ids
}

output "alarm_topic_arn" {
  description = "Where alarms go."
  value       = module.observability.alarm_topic_arn
}
