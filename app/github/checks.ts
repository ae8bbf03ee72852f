import type { Annotation } from '../decision/annotations.ts'
import type { CheckRun } from '../reconcile/ports/github.ts'
import type { RepositoryClient } from './repository-client.ts'

/** The check's name, which branch protection requires from this App. */
export const checkName = 'gitsudo'
/** REST, "Create a check run": at most 50 annotations a request; each further request adds its own. */
const most = 50

export async function createCheck(repository: RepositoryClient, check: CheckRun): Promise<number> {
  const { client, at } = repository
  const [first = [], ...rest] = batches(check.annotations)
  const { data } = await client.rest.checks.create({
    ...at,
    name: checkName,
    head_sha: check.headSha,
    external_id: check.externalId,
    ...stateOf(check),
    output: { ...outputOf(check), annotations: first.map(annotationOf) },
  })
  await annotate(repository, data.id, check, rest)
  return data.id
}

/** Annotations cannot be taken away and are never replaced: only those that GitHub lacks are sent. */
export async function updateCheck(repository: RepositoryClient, id: number, check: CheckRun): Promise<void> {
  const { client, at } = repository
  const wanted = check.annotations
  const there =
    wanted.length === 0
      ? []
      : await client.paginate(client.rest.checks.listAnnotations, { ...at, check_run_id: id, per_page: 100 })
  const known = new Set(
    there.map(({ path, start_line, message, title }) => JSON.stringify([path, start_line, message, title])),
  )
  const lacking = wanted.filter(
    ({ path, startLine, message, title }) => !known.has(JSON.stringify([path, startLine, message, title])),
  )
  const [first = [], ...rest] = batches(lacking)
  await client.rest.checks.update({
    ...at,
    check_run_id: id,
    external_id: check.externalId,
    ...stateOf(check),
    output: { ...outputOf(check), annotations: first.map(annotationOf) },
  })
  await annotate(repository, id, check, rest)
}

/** Check runs belong to SHAs, which pull requests can share: the external id tells ours apart (trust.md 6.06a). */
export async function findCheck(
  { client, appId, at }: RepositoryClient,
  sha: string,
  externalId: string,
): Promise<number | undefined> {
  const listed = {
    ...at,
    ref: sha,
    check_name: checkName,
    app_id: appId,
    filter: 'all',
    per_page: 100,
  } as const
  const all = await client.paginate(client.rest.checks.listForRef, listed)
  return all.find(({ external_id, app }) => external_id === externalId && app?.id === appId)?.id
}

async function annotate(
  { client, at }: RepositoryClient,
  id: number,
  check: CheckRun,
  rest: readonly (readonly Annotation[])[],
): Promise<void> {
  for (const batch of rest) {
    await client.rest.checks.update({
      ...at,
      check_run_id: id,
      output: { ...outputOf(check), annotations: batch.map(annotationOf) },
    })
  }
}

const batches = (annotations: readonly Annotation[]): readonly (readonly Annotation[])[] =>
  Array.from({ length: Math.ceil(annotations.length / most) }, (_, i) =>
    annotations.slice(i * most, (i + 1) * most),
  )

const stateOf = (check: CheckRun) =>
  check.status === 'completed'
    ? ({ status: 'completed', conclusion: check.conclusion ?? 'neutral' } as const)
    : ({ status: 'in_progress' } as const)

const outputOf = ({ title, summary }: CheckRun) => ({ title, summary })

/** Columns are refused where an annotation spans lines. */
const annotationOf = (annotation: Annotation) => {
  const { path, startLine, endLine, startColumn, endColumn, message, title } = annotation
  const columns =
    startLine === endLine && startColumn !== undefined
      ? { start_column: startColumn, end_column: endColumn ?? startColumn }
      : {}
  return {
    path,
    start_line: startLine,
    end_line: endLine,
    ...columns,
    annotation_level: 'failure' as const,
    message,
    title,
  }
}
