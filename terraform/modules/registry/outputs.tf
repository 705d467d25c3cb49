output "repository_url" {
  description = "The image without its tag, as jobs name it."
  value       = aws_ecr_repository.this.repository_url
}

output "repository_arn" {
  description = "The repository, for policies."
  value       = aws_ecr_repository.this.arn
}
