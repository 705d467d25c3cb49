output "group_names" {
  description = "Auto Scaling group of each role."
  value       = merge({ server = module.servers.name }, { for role, it in module.clients : role => it.name })
}

output "user_data" {
  description = "What machines of each role are told at birth; for tests."
  value       = local.user_data
}

output "node_role_arns" {
  description = "The machines' roles."
  value       = { for role, it in aws_iam_role.node : role => it.arn }
}
