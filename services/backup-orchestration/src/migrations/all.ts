import { CreateDirectory1785000000000 } from '@erp-steward/directory/create-directory'
import { RememberStanding1785000000004 } from '@erp-steward/directory/remember-standing'
import { StandingDirectory1785000000002 } from '@erp-steward/directory/standing-directory'
import { SealDirectory1785000000003 } from '@erp-steward/directory/seal-directory'
import { VersionDirectory1785000000001 } from '@erp-steward/directory/version-directory'
import { CreateBackup1790000000000 } from './1790000000000-create-backup.ts'
import { BackupFloors1790000051000 } from './1790000051000-backup-floors.ts'
import { KnowSystems1790000080000 } from './1790000080000-know-systems.ts'
import { KeepByKind1790000080001 } from './1790000080001-keep-by-kind.ts'

/** In order; only ever added to. */
export const migrations = [
  CreateDirectory1785000000000,
  VersionDirectory1785000000001,
  StandingDirectory1785000000002,
  SealDirectory1785000000003,
  RememberStanding1785000000004,
  CreateBackup1790000000000,
  BackupFloors1790000051000,
  KnowSystems1790000080000,
  KeepByKind1790000080001,
]
