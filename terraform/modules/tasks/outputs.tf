output "task_role_arns" {
  description = "Each task's role."
  value       = { for task, role in aws_iam_role.task : task => role.arn }
}
