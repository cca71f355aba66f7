/** A stack like one of the examples on AWS, whose stand-in moto judges. */
import { CloudStack, type ExampleText, type PlacedStack, placeStack, stackFileOf } from "./cloudStack.ts";
import { awsStandin } from "./standin/aws/cloud.ts";
import { clusterInMoto } from "./standin/aws/inMoto.ts";
import { MOTO_ACCOUNT } from "./standin/aws/moto/judge.ts";
import { type MotoServer, startMoto } from "./standin/aws/moto/server.ts";
import { putThere } from "./standin/given.ts";

/** An example, and what makes a stack of a test's of it. */
export interface AwsExample extends ExampleText {
  /** region of the cluster */
  readonly region?: string;
  /** what is in AWS before */
  readonly subnets?: readonly string[];
}

/** The stack, the cloud that it is made in, and who judges that. */
export class AwsStack extends CloudStack {
  readonly moto: MotoServer;
  /** where its cluster is */
  readonly place: { readonly account: string; readonly region: string };

  private constructor(placed: PlacedStack, moto: MotoServer, region: string) {
    super(placed, ({ type }) => /:(Cluster|Subnet)$/.test(type));
    this.moto = moto;
    this.place = { account: MOTO_ACCOUNT, region };
  }

  /** Makes the stack, of whose name `engine-` stands for `aws-`; the account holds the cluster and its subnets. */
  static async create(given: AwsExample): Promise<AwsStack> {
    const { region = "eu-central-1", subnets = [] } = given;
    const cluster = stackFileOf(given).config["pergola:cluster"].eks?.name;
    const moto = await startMoto();
    if (cluster !== undefined) await clusterInMoto(moto.endpoint, region, cluster);
    const environment = { PERGOLA_STANDIN_ACCOUNT: MOTO_ACCOUNT, PERGOLA_STANDIN_MOTO: moto.endpoint };
    const name = given.example.replace(/^aws-/, "engine-");
    const made = new AwsStack(await placeStack(name, "aws", given, environment), moto, region);
    const put = (type: string, inputs: Record<string, string>) =>
      putThere(awsStandin(MOTO_ACCOUNT), made.cloud, made.place, type, inputs);
    if (cluster !== undefined) put("aws:eks/cluster:Cluster", { name: cluster });
    for (const id of subnets) put("aws:ec2/subnet:Subnet", { id });
    return made;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.moto[Symbol.asyncDispose]();
  }
}
