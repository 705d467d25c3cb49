"""Files: in a bucket or a directory, by presigned URL."""
