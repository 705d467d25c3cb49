output "arn" {
  description = "The certificate, once it is issued."
  value       = aws_acm_certificate_validation.this.certificate_arn
}

output "validation_names" {
  description = "The records by which it is issued; those of any other certificate for these names in this account are the same."
  value       = [aws_route53_record.validation.fqdn]
}
