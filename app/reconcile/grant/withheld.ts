import type { GrantDeps } from './deps.ts'

/**
 * Why nothing may be given for a grant although its own events allow it: the ledger as a whole lost some, or had it
 * over before they went (trust.md 5.2). Whoever can delete events must not thereby bring a grant back.
 */
export const withheld = async (
  deps: Pick<GrantDeps, 'ledger' | 'log'>,
  id: string,
): Promise<string | undefined> => {
  const { open, broken } = await deps.ledger.standing()
  const known = open.get(id)
  const why =
    broken !== undefined
      ? `the ledger lost events, or may have: ${broken}`
      : known === undefined || known.blocked || known.stage === 'scheduled'
        ? 'the ledger had it over before'
        : undefined
  if (why !== undefined) deps.log.alert('grant.withheld', { grant: id, why })
  return why
}
