output "bucket" {
  description = "The bucket's name, for the backend."
  value       = aws_s3_bucket.this.id
}

output "arn" {
  description = "The bucket, for policies."
  value       = aws_s3_bucket.this.arn
}
