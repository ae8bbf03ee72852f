import type { Verb } from './verb.ts'
import { policyApply } from './verbs/apply.ts'
import { audit } from './verbs/audit.ts'
import { exec } from './verbs/exec.ts'
import { auditExport } from './verbs/export.ts'
import { serverAcknowledgeRestore, serverKey, serverRotateKey } from './verbs/keys.ts'
import { login } from './verbs/login.ts'
import { policyCheck, policyEval, policyList, policyTest, policyUpdate } from './verbs/policy.ts'
import { auditProve } from './verbs/prove.ts'
import { providerCheck, providerList, providerReconcile } from './verbs/provider.ts'
import { policyReplay } from './verbs/replay.ts'
import { auditReport } from './verbs/report.ts'
import { request } from './verbs/request.ts'
import { approve, deny } from './verbs/review.ts'
import { revoke } from './verbs/revoke.ts'
import { serverInit, serverReloadPolicies, serverStart, serverStatus, serverVersion } from './verbs/server.ts'
import { sandbox, sweep, version } from './verbs/service.ts'
import { shell } from './verbs/shell.ts'
import { status } from './verbs/status.ts'
import { auditVerify } from './verbs/verify.ts'

/** Every command, in the order in which help and docs/cli.md show them. */
export const verbs: readonly Verb[] = [
  request,
  approve,
  deny,
  status,
  revoke,
  exec,
  shell,
  login,
  audit,
  auditVerify,
  auditExport,
  auditProve,
  auditReport,
  policyList,
  policyCheck,
  policyTest,
  policyEval,
  policyReplay,
  policyApply,
  policyUpdate,
  serverStart,
  serverInit,
  serverKey,
  serverRotateKey,
  serverAcknowledgeRestore,
  serverStatus,
  serverVersion,
  serverReloadPolicies,
  providerCheck,
  providerList,
  providerReconcile,
  sandbox,
  sweep,
  version,
]
