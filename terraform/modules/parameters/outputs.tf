output "name" {
  description = "The group's name."
  value       = aws_db_parameter_group.this.name
}
