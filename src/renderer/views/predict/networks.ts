import type { NetworkName, RunDetail } from '#shared/training.ts';

/** What tells which networks a run keeps. */
interface RunNetworks {
  readonly config: Pick<RunDetail['config'], 'ema' | 'method'>;
  readonly evaluations: readonly { readonly network: NetworkName }[];
}

/** The networks of a run that can be asked, in the order they stand side by side. The baselines train no base network. */
export function networksOfRun({ config, evaluations }: RunNetworks): NetworkName[] {
  const networks: NetworkName[] = config.method === 'meta-face2exp' ? ['base', 'adaptation'] : ['adaptation'];
  if (config.ema > 0) networks.push('ema');
  if (evaluations.some(({ network }) => network === 'finetuned')) networks.push('finetuned');
  return networks;
}

/** With the one that leads in front; one that is not among them leads alone. */
export function leadingFirst(networks: readonly NetworkName[], leading: NetworkName | undefined): NetworkName[] {
  if (leading === undefined) return [...networks];
  return networks.includes(leading) ? [leading, ...networks.filter((network) => network !== leading)] : [leading];
}
