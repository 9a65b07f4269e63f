#!/usr/bin/env node
// Makes the bucket AWS_S3_BUCKET at AWS_S3_ENDPOINT; that it is there already is as good.
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'

const { AWS_S3_ENDPOINT, AWS_S3_BUCKET, AWS_S3_REGION = 'us-east-1' } = process.env
if (!AWS_S3_ENDPOINT || !AWS_S3_BUCKET) {
  console.error('AWS_S3_ENDPOINT and AWS_S3_BUCKET must be set.')
  process.exit(1)
}
// Keys come from the environment: the library reads AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
const s3 = new S3Client({ endpoint: AWS_S3_ENDPOINT, region: AWS_S3_REGION, forcePathStyle: true })
try {
  await s3.send(new CreateBucketCommand({ Bucket: AWS_S3_BUCKET }))
  console.log(`The bucket ${AWS_S3_BUCKET} is made.`)
} catch (error) {
  if (['BucketAlreadyOwnedByYou', 'BucketAlreadyExists'].includes(error.name)) {
    console.log(`The bucket ${AWS_S3_BUCKET} is there.`)
  } else {
    console.error(`The bucket ${AWS_S3_BUCKET} was not made at ${AWS_S3_ENDPOINT}: ${error.message} (${error.name})`)
    process.exitCode = 1
  }
}
