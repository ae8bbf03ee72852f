import type { Seen } from '../../grant/step.ts'
import type { GrantDeps } from './deps.ts'
import type { Situation } from './situation.ts'

/**
 * In a cloud without marks: why nobody can say whether the grant is there, where the event that says which place it has
 * was sealed, or may have been, and is gone (trust.md 5.2). Absent would be a lie: the cloud was not asked.
 */
export const placeLost = async (
  { ledger, log }: Pick<GrantDeps, 'ledger' | 'log'>,
  { provider, ledger: { intent, issued }, row, attempted }: Situation,
): Promise<Extract<Seen, { kind: 'trouble' }> | undefined> => {
  if (provider?.observe === undefined || intent === undefined || intent.place !== undefined) return undefined
  const { open, broken } = await ledger.standing()
  const given = issued || attempted || open.get(row.id)?.stage === 'issued'
  if (!given && broken === undefined) return undefined
  const why = `the ledger does not say any more where ${intent.provider} has ${provider.bindingKey(intent)}: put its events back`
  if (given) log.alert('grant.place_lost', { grant: row.id, why })
  return { kind: 'trouble', why, patience: Infinity }
}
