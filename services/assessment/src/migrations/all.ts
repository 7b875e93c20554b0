import { CreateDirectory1785000000000 } from '@erp-steward/directory/create-directory'
import { RememberStanding1785000000004 } from '@erp-steward/directory/remember-standing'
import { StandingDirectory1785000000002 } from '@erp-steward/directory/standing-directory'
import { SealDirectory1785000000003 } from '@erp-steward/directory/seal-directory'
import { VersionDirectory1785000000001 } from '@erp-steward/directory/version-directory'
import { CreateAssessment1790000000000 } from './1790000000000-create-assessment.ts'
import { CreateControls1790000000001 } from './1790000000001-create-controls.ts'
import { WitnessLedger1790000020000 } from './1790000020000-witness-ledger.ts'
import { MeasuredByOthers1790000070000 } from './1790000070000-measured-by-others.ts'
import { OwnWordIsNoMeasure1790000090400 } from './1790000090400-own-word-is-no-measure.ts'
import { CopyHolidayYears1790000090700 } from './1790000090700-copy-holiday-years.ts'
import { PlannersArePeople1790000091000 } from './1790000091000-planners-are-people.ts'
import { IndexOverdue1790000092000 } from './1790000092000-index-overdue.ts'
import { NoteMissingYear1790000092300 } from './1790000092300-note-missing-year.ts'

/** In order; only ever added to. */
export const migrations = [
  CreateDirectory1785000000000,
  VersionDirectory1785000000001,
  StandingDirectory1785000000002,
  SealDirectory1785000000003,
  RememberStanding1785000000004,
  CreateAssessment1790000000000,
  CreateControls1790000000001,
  WitnessLedger1790000020000,
  MeasuredByOthers1790000070000,
  OwnWordIsNoMeasure1790000090400,
  CopyHolidayYears1790000090700,
  PlannersArePeople1790000091000,
  IndexOverdue1790000092000,
  NoteMissingYear1790000092300,
]
