/** What pulling and pushing take at ECR (ECR user guide, "IAM permissions for pushing an image to an Amazon ECR private repository"). */

/** Of a repository that is pulled from. */
export const PULL_ACTIONS: readonly string[] = [
  "ecr:BatchCheckLayerAvailability",
  "ecr:BatchGetImage",
  "ecr:GetDownloadUrlForLayer",
];

/** Of a repository that is pushed to, beside those of a pull: builders read what they wrote, and layers are not sent twice. */
export const PUSH_ACTIONS: readonly string[] = [
  "ecr:CompleteLayerUpload",
  "ecr:InitiateLayerUpload",
  "ecr:PutImage",
  "ecr:UploadLayerPart",
];
