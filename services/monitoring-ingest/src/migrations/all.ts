import { CreateDirectory1785000000000 } from '@erp-steward/directory/create-directory'
import { RememberStanding1785000000004 } from '@erp-steward/directory/remember-standing'
import { StandingDirectory1785000000002 } from '@erp-steward/directory/standing-directory'
import { SealDirectory1785000000003 } from '@erp-steward/directory/seal-directory'
import { VersionDirectory1785000000001 } from '@erp-steward/directory/version-directory'
import { CreateMonitoring1790000000000 } from './1790000000000-create-monitoring.ts'
import { CreateInspection1790000000001 } from './1790000000001-create-inspection.ts'
import { IndexFiringAlert1790000000002 } from './1790000000002-index-firing-alert.ts'
import { MakeDaysAsOwner1790000020000 } from './1790000020000-make-days-as-owner.ts'
import { ProveInspection1790000060000 } from './1790000060000-prove-inspection.ts'
import { NotifyAlert1790000060001 } from './1790000060001-notify-alert.ts'
import { NameSourceHands1790000060010 } from './1790000060010-name-source-hands.ts'
import { IndexAlertSeries1790000070001 } from './1790000070001-index-alert-series.ts'
import { IndexOpenRounds1790000090800 } from './1790000090800-index-open-rounds.ts'
import { TellAlertLevels1790000070000 } from './1790000070000-tell-alert-levels.ts'

/** In order; only ever added to. */
export const migrations = [
  CreateDirectory1785000000000,
  VersionDirectory1785000000001,
  StandingDirectory1785000000002,
  SealDirectory1785000000003,
  RememberStanding1785000000004,
  CreateMonitoring1790000000000,
  CreateInspection1790000000001,
  IndexFiringAlert1790000000002,
  MakeDaysAsOwner1790000020000,
  ProveInspection1790000060000,
  NotifyAlert1790000060001,
  NameSourceHands1790000060010,
  TellAlertLevels1790000070000,
  IndexAlertSeries1790000070001,
  IndexOpenRounds1790000090800,
]
