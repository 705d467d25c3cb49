output "repository_url" {
  description = "The image without its tag, as jobs name it."
  value       = aws_ecr_repository.this.repository_url
}

output "repository_arn" {
  description = "The repository, for policies."
  value       = aws_ecr_repository.this.arn
}

output "repository_name" {
  description = "Its name: images of it are copied where there is a second region."
  value       = aws_ecr_repository.this.name
}
