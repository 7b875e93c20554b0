import type { Severity } from '@erp-steward/contracts/attention'

/** Room on the disk of a folder. */
export interface DiskSpace {
  /** For whoever is not root. */
  readonly freeBytes: number
  readonly sizeBytes: number
}

/** Share of a disk that is left when it is told of, and when it is grave: a backup or a busy day fills it. Own choice. */
const DISK_LEFT = { warning: 0.15, critical: 0.05 }

/** Days before its end at which a certificate is told of, and at which it is grave. Own choice. */
const CERTIFICATE_DAYS = { warning: 30, critical: 7 }

const DAY_MS = 86_400_000

/** How grave it is that so little is left of a disk; `null` while it is not. */
export function diskSeverity({ freeBytes, sizeBytes }: DiskSpace): Severity | null {
  if (freeBytes < sizeBytes * DISK_LEFT.critical) return 'critical'
  return freeBytes < sizeBytes * DISK_LEFT.warning ? 'warning' : null
}

/** How grave it is that a certificate ends then, and since when it is told of; `null` before. */
export function certificateEnd(
  endsAt: Date,
  now: Date,
): { readonly severity: Severity; readonly since: Date } | null {
  const since = new Date(endsAt.getTime() - CERTIFICATE_DAYS.warning * DAY_MS)
  if (now < since) return null
  const isGrave = endsAt.getTime() - now.getTime() < CERTIFICATE_DAYS.critical * DAY_MS
  return { severity: isGrave ? 'critical' : 'warning', since }
}
