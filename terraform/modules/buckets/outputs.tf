output "bucket_names" {
  description = "The buckets: files, reports, logs."
  value       = { for kind, bucket in aws_s3_bucket.this : kind => bucket.id }
}

output "log_bucket_name" {
  description = "The bucket of logs, once load balancers may write into it: they try as soon as they are told."
  value       = aws_s3_bucket_policy.this["logs"].bucket
}

output "bucket_arns" {
  description = "The same, for policies."
  value       = { for kind, bucket in aws_s3_bucket.this : kind => bucket.arn }
}

output "versioned_bucket_names" {
  description = "The buckets, once versions are on: what copies them waits for that."
  value       = { for kind, it in aws_s3_bucket_versioning.this : kind => it.bucket }
}
