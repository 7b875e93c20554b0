import { X509Certificate } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import type { AttentionKind } from '@erp-steward/contracts/attention'
import type { AttentionItem } from '@erp-steward/service-kit/attention'
import { Gauge, type Registry } from 'prom-client'
import { certificateEnd, diskSeverity, type DiskSpace } from './rules/own-matters.ts'

/** What the gateway itself tells of. */
export const ownKinds = [
  'service-silent',
  'disk-ending',
  'certificate-ending',
] as const satisfies readonly AttentionKind[]

/** Room on the disk that a folder lies on. */
export async function readDisk(folder: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize }
}

export interface OwnParts {
  /** Certificate chain (PEM); `null` for plain HTTP. */
  readonly certificate: string | null
  /** Room on the disk of the site's data; `null` where this process does not know it. */
  readonly disk: (() => Promise<DiskSpace>) | null
  readonly clock: () => Date
}

/** Matters that the gateway finds by itself. */
export interface OwnAttention {
  /** Those of disk and certificate now. */
  readonly find: () => Promise<AttentionItem[]>
  /** That a service does not answer, since when it was found first; `null` once it does. */
  readonly silence: (service: string, isSilent: boolean) => AttentionItem | null
}

/** What the gateway finds by itself, and the gauges of it: until when the certificate lasts, how full the disk is. */
export function createOwnAttention(
  registry: Registry,
  { certificate, disk, clock }: OwnParts,
): OwnAttention {
  const endsAt = certificate === null ? null : new X509Certificate(certificate).validToDate
  const foundAt = new Map<string, Date>()
  const sinceOf = (key: string) => {
    const since = foundAt.get(key) ?? clock()
    foundAt.set(key, since)
    return since
  }
  const matter = (
    kind: AttentionKind,
    severity: AttentionItem['severity'],
    subject: string,
    since: Date,
  ): AttentionItem => ({
    ...{ kind, severity, subject, since: since.toISOString() },
    ...{ name: null, unitIds: [], mending: 'readHealth', target: null },
  })
  if (endsAt !== null) certificateGauge(registry, endsAt)
  if (disk !== null) diskGauges(registry, disk)

  return {
    async find() {
      const found: AttentionItem[] = []
      const end = endsAt === null ? null : certificateEnd(endsAt, clock())
      if (end !== null)
        found.push(matter('certificate-ending', end.severity, 'TLS_CERT_FILE', end.since))
      const severity = disk === null ? null : diskSeverity(await disk())
      if (severity === null) foundAt.delete('disk')
      else found.push(matter('disk-ending', severity, 'data', sinceOf('disk')))
      return found
    },
    silence(service, isSilent) {
      if (isSilent) return matter('service-silent', 'critical', service, sinceOf(service))
      foundAt.delete(service)
      return null
    },
  }
}

function certificateGauge(registry: Registry, endsAt: Date): void {
  new Gauge({
    name: 'certificate_not_after_timestamp_seconds',
    help: 'When the certificate of the gateway ends, in seconds since 1970.',
    registers: [registry],
  }).set(endsAt.getTime() / 1_000)
}

function diskGauges(registry: Registry, disk: () => Promise<DiskSpace>): void {
  new Gauge({
    name: 'disk_free_bytes',
    help: 'Room left on the disk of the data folder.',
    registers: [registry],
    async collect() {
      this.set((await disk()).freeBytes)
    },
  })
  new Gauge({
    name: 'disk_size_bytes',
    help: 'Size of the disk of the data folder.',
    registers: [registry],
    async collect() {
      this.set((await disk()).sizeBytes)
    },
  })
}
