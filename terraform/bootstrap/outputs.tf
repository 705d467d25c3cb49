output "backend" {
  description = "Write it to terraform/envs/ENVIRONMENT/backend.hcl."
  value       = <<-HCL
    bucket     = "${aws_s3_bucket.state.id}"
    region     = "${var.region}"
    kms_key_id = "${aws_kms_key.first["data"].arn}"
  HCL
}

output "github_provider_arn" {
  description = "GitHub as an identity provider of this account."
  value       = aws_iam_openid_connect_provider.github.arn
}

output "key_arns" {
  description = "The keys, by region and purpose."
  value = {
    first  = { for purpose, key in aws_kms_key.first : purpose => key.arn }
    second = { for purpose, key in aws_kms_key.second : purpose => key.arn }
  }
}
