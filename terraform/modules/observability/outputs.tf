output "alarm_topic_arn" {
  description = "Where alarms go."
  value       = aws_sns_topic.alarms.arn
}

output "log_group_arns" {
  description = "Log groups of machines and tasks."
  value       = { for name, group in aws_cloudwatch_log_group.this : name => group.arn }
}
