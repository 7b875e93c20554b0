const MIB = 1_048_576

/** Paths below which large bodies are normal: batches of samples, files of directory rows and what EBS holds. */
const LARGE = ['/v1/metrics/write', '/v1/imports', '/v1/ebs-uploads']

/** Largest body in bytes that a path may be sent. */
export function bodyLimitOf(path: string): number {
  return LARGE.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)) ? 16 * MIB : MIB
}
