import { CreateDirectory1785000000000 } from '@erp-steward/directory/create-directory'
import { RememberStanding1785000000004 } from '@erp-steward/directory/remember-standing'
import { StandingDirectory1785000000002 } from '@erp-steward/directory/standing-directory'
import { SealDirectory1785000000003 } from '@erp-steward/directory/seal-directory'
import { VersionDirectory1785000000001 } from '@erp-steward/directory/version-directory'
import { CreateIncident1790000000000 } from './1790000000000-create-incident.ts'
import { CreateChange1790000000002 } from './1790000000002-create-change.ts'
import { NameChangeParameters1790000000003 } from './1790000000003-name-change-parameters.ts'
import { ForgetAddresses1790000030001 } from './1790000030001-forget-addresses.ts'
import { AddClocks1790000040000 } from './1790000040000-add-clocks.ts'
import { FollowGaps1790000040001 } from './1790000040001-follow-gaps.ts'
import { KeepNominators1790000040010 } from './1790000040010-keep-nominators.ts'
import { ChangeGates1790000050000 } from './1790000050000-change-gates.ts'
import { SuperiorGaps1790000060000 } from './1790000060000-superior-gaps.ts'
import { TellAlertLevels1790000070000 } from './1790000070000-tell-alert-levels.ts'
import { FinishInStead1790000070100 } from './1790000070100-finish-in-stead.ts'
import { LoadHolidayYears1790000090700 } from './1790000090700-load-holiday-years.ts'
import { IndexUndelivered1790000090800 } from './1790000090800-index-undelivered.ts'
import { NoteTicketChange1790000092000 } from './1790000092000-note-ticket-change.ts'
import { KeepChineseWords1790000094100 } from './1790000094100-keep-chinese-words.ts'
import { NoteAccountCase1790000097000 } from './1790000097000-note-account-case.ts'
import { ReplaceWebhookSecrets1790000099700 } from './1790000099700-replace-webhook-secrets.ts'

/** In the order they run. */
export const migrations = [
  CreateDirectory1785000000000,
  VersionDirectory1785000000001,
  StandingDirectory1785000000002,
  SealDirectory1785000000003,
  RememberStanding1785000000004,
  CreateIncident1790000000000,
  CreateChange1790000000002,
  NameChangeParameters1790000000003,
  ForgetAddresses1790000030001,
  AddClocks1790000040000,
  FollowGaps1790000040001,
  ChangeGates1790000050000,
  KeepNominators1790000040010,
  SuperiorGaps1790000060000,
  TellAlertLevels1790000070000,
  FinishInStead1790000070100,
  LoadHolidayYears1790000090700,
  IndexUndelivered1790000090800,
  NoteTicketChange1790000092000,
  KeepChineseWords1790000094100,
  NoteAccountCase1790000097000,
  ReplaceWebhookSecrets1790000099700,
]
