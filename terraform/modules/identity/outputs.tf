output "github_role_arns" {
  description = "Each workflow's role; GitHub's variables of the environment have them."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}

output "machine_build_profile" {
  description = "The instance profile of machines on which images are built."
  value       = aws_iam_instance_profile.build.name
}
