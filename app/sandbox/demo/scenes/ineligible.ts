import { checkOn, requestFile, type Stage, showCheck, showTree } from '../stage.ts'

/** Two requests that the policies refuse, each told what would have passed. */
export const ineligible = async (stage: Stage): Promise<void> => {
  const { timeline } = stage
  timeline.scene('2  An ineligible request')
  await refused(stage, 'too-long', { role: 'prod-read-only', duration: '6h' }, 'would pass')
  await refused(stage, 'not-his', { role: 'prod-infra-admin', duration: '30m' }, 'open to')
}

const refused = async (
  stage: Stage,
  slug: string,
  asked: { readonly role: string; readonly duration: string },
  hint: string,
): Promise<void> => {
  const { timeline, world } = stage
  const { dave } = world.people
  const path = `requests/2026/12/dave-${slug}.yaml`
  const text = requestFile({
    requester: 'dave',
    provider: 'mock',
    role: asked.role,
    scope: '"123456789012"',
    duration: asked.duration,
    reason: 'Look at the checkout errors',
  })
  await dave.push(`dave/${slug}`, 'Ask for access', { [path]: text })
  const pull = await dave.openPull(`dave/${slug}`, 'Access for dave')
  timeline.did('dave', `opens pull request #${pull.number}: ${asked.role} for ${asked.duration}`)
  const check = await checkOn(stage, dave, pull.head, ['failure'])
  showCheck(stage, check)
  const tree = await showTree(stage, dave, pull.number)
  timeline.must(
    tree.includes(hint),
    `denied, with the reason and what ${hint.startsWith('would') ? '' : 'is '}"${hint}"`,
  )
}
