import { expect, test } from 'vitest';
import {
  addressTowards,
  firstHost,
  joinMeeting,
  launchedProcess,
  meetingOver,
  openMeeting,
} from '#main/host/cluster/launcher.ts';

const SECRET = 'the secret of these tests';

test('which process this is, by torchrun’s variables and by SLURM’s', () => {
  const torchrun = { RANK: '2', WORLD_SIZE: '4', MASTER_ADDR: 'gpu-1', MASTER_PORT: '29500' };
  expect(launchedProcess(torchrun)).toEqual({ rank: 2, count: 4, meeting: { host: 'gpu-1', port: 29_500 } });
  const slurm = { SLURM_PROCID: '0', SLURM_NTASKS: '2', SLURM_JOB_ID: '41003', SLURM_JOB_NODELIST: 'gpu[03-07,12]' };
  expect(launchedProcess(slurm)).toEqual({ rank: 0, count: 2, meeting: { host: 'gpu03', port: 21_003 } });
  expect(() => launchedProcess({ RANK: '0' })).toThrow('No launcher says which process this is.');
});

test.each([
  ['gpu[03-07,12],login', 'gpu03'],
  ['gpu[5,7]-ib', 'gpu5-ib'],
  ['one', 'one'],
  ['one,two[1-3]', 'one'],
])('the first host of %s is %s', (nodes, host) => expect(firstHost(nodes)).toBe(host));

test('processes meet, are ordered by rank, and see that the first one is gone', { timeout: 60_000 }, async () => {
  const first = {
    rank: 0,
    count: 3,
    meeting: { host: '127.0.0.1', port: 20_000 + Math.floor(Math.random() * 20_000) },
  };
  const joined = [2, 1].map((rank) => joinMeeting({ ...first, rank }, 7000 + rank, SECRET));
  const meeting = await openMeeting(first, SECRET);
  expect(await meeting.addresses).toEqual(['127.0.0.1:7001', '127.0.0.1:7002']);
  await Promise.all(joined);
  expect(await addressTowards(first.meeting)).toBe('127.0.0.1');
  await expect(joinMeeting({ ...first, rank: 1 }, 7001, 'another secret, as long')).rejects.toThrow(
    'The secret is another one there.',
  );
  let isOver = false;
  const over = meetingOver(first, SECRET).then(() => (isOver = true));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(isOver).toBe(false);
  meeting.close();
  await over;
});
