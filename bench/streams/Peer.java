import com.yahoo.labs.samoa.instances.Attribute;
import com.yahoo.labs.samoa.instances.DenseInstance;
import com.yahoo.labs.samoa.instances.Instance;
import com.yahoo.labs.samoa.instances.Instances;
import com.yahoo.labs.samoa.instances.InstancesHeader;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import moa.classifiers.Classifier;
import moa.classifiers.core.driftdetection.ChangeDetector;
import moa.core.SizeOf;
import moa.options.ClassOption;

/**
 * The Java side of bench:streams: lets MOA predict and learn for run.ts.
 *
 * One flat JSON object a line on stdin, one on stdout. Tables are files of raw little-endian doubles. Learners and
 * detectors are named as on MOA's command line. CPU time is that of the calling thread; of the whole process where a
 * learner spreads its work over threads.
 */
public final class Peer {
    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\":(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^,}]+))");
    private static final Map<String, List<Instance>> TABLES = new HashMap<>();

    public static void main(String[] args) throws Exception {
        // what learners print belongs to nobody's answer
        PrintStream out = System.out;
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Map<String, String> ask = parse(line);
            long began = processCpu();
            String answer;
            try {
                answer = switch (ask.get("do")) {
                    case "hello" -> hello();
                    case "load" -> load(ask);
                    case "run" -> run(ask);
                    case "detect" -> detect(ask);
                    default -> throw new IllegalArgumentException("cannot " + ask.get("do"));
                };
                answer = "{" + answer + ",\"cpu\":" + (processCpu() - began) / 1e6 + "}";
            } catch (Throwable error) {
                answer = "{\"error\":\"" + error.toString().replaceAll("[\"\\\\\\p{Cntrl}]", " ") + "\"}";
            }
            out.println(answer);
            out.flush();
        }
        System.exit(0);
    }

    private static String hello() {
        String version = Classifier.class.getPackage().getImplementationVersion();
        return "\"version\":\"" + (version == null ? "of unknown version" : version) + "\",\"runtime\":\"Java "
                + System.getProperty("java.version") + "\",\"weighs\":" + (SizeOf.fullSizeOf("") > 0);
    }

    /** Reads a table; "nominal" lists columns of whole numbers from 0 up, as "column:levels,...". */
    private static String load(Map<String, String> ask) throws Exception {
        int rows = Integer.parseInt(ask.get("rows"));
        int features = Integer.parseInt(ask.get("features"));
        double[] x = doubles(ask.get("x"));
        double[] y = doubles(ask.get("y"));
        Map<Integer, Integer> nominal = new HashMap<>();
        for (String each : ask.getOrDefault("nominal", "").split(",")) {
            if (!each.isEmpty()) nominal.put(Integer.valueOf(each.split(":")[0]), Integer.valueOf(each.split(":")[1]));
        }
        List<Attribute> attributes = new ArrayList<>();
        for (int f = 0; f < features; f++) {
            String name = "x" + f;
            attributes.add(nominal.containsKey(f) ? new Attribute(name, labels(nominal.get(f))) : new Attribute(name));
        }
        attributes.add(new Attribute("y", labels(2)));
        InstancesHeader header = new InstancesHeader(new Instances("table", attributes, 0));
        header.setClassIndex(features);
        List<Instance> instances = new ArrayList<>(rows);
        for (int i = 0; i < rows; i++) {
            double[] values = Arrays.copyOfRange(x, i * features, (i + 1) * features + 1);
            values[features] = y[i];
            Instance instance = new DenseInstance(1, values);
            instance.setDataset(header);
            instances.add(instance);
        }
        TABLES.put(ask.get("name"), instances);
        return "\"rows\":" + rows;
    }

    /** Predicts and learns row by row until the rows or the CPU time of "budget" (seconds) run out. */
    private static String run(Map<String, String> ask) throws Exception {
        List<Instance> table = TABLES.get(ask.get("table"));
        double warm = number(ask, "warm", 0);
        long start = processCpu();
        while ((processCpu() - start) / 1e9 < warm) {
            play(create(ask, table), table, ask, warm - (processCpu() - start) / 1e9);
        }
        Classifier model = create(ask, table);
        return play(model, table, ask, number(ask, "budget", 1e9)) + ",\"bytes\":"
                + SizeOf.fullSizeOf(model);
    }

    private static Classifier create(Map<String, String> ask, List<Instance> table) throws Exception {
        Classifier model = (Classifier) ClassOption.cliStringToObject(ask.get("learner"), Classifier.class, null);
        model.setRandomSeed((int) number(ask, "seed", 1));
        model.setModelContext((InstancesHeader) table.get(0).dataset());
        model.prepareForUse();
        return model;
    }

    private static String play(Classifier model, List<Instance> table, Map<String, String> ask, double budget) {
        int chunk = (int) number(ask, "chunk", 500);
        boolean spread = "true".equals(ask.get("spread"));
        StringJoiner micros = new StringJoiner(",", "[", "]");
        long started = spread ? processCpu() : threadCpu();
        long total = 0;
        int right = 0;
        int row = 0;
        double loss = 0;
        while (row < table.size() && total / 1e9 < budget) {
            int end = Math.min(row + chunk, table.size());
            int first = row;
            long before = threadCpu();
            for (; row < end; row++) {
                Instance instance = table.get(row);
                double p = probability(model.getVotesForInstance(instance));
                model.trainOnInstance(instance);
                double y = instance.classValue();
                if (p > 0.5 == (y == 1)) right++;
                loss -= Math.log(Math.max(1e-15, y == 1 ? p : 1 - p));
            }
            long after = threadCpu();
            if (!spread) micros.add(String.valueOf((after - before) / 1e3 / (end - first)));
            total = (spread ? processCpu() : after) - started;
        }
        if (spread) micros.add(String.valueOf(total / 1e3 / row));
        return "\"chunks\":" + micros + ",\"rows\":" + row + ",\"accuracy\":" + (double) right / row + ",\"logLoss\":"
                + loss / row;
    }

    /** The share of the votes for 1; a half where there are none, or none that are numbers. */
    private static double probability(double[] votes) {
        double ones = votes.length > 1 ? votes[1] : 0;
        double sum = votes.length > 0 ? votes[0] + ones : 0;
        return sum > 0 && sum < Double.POSITIVE_INFINITY ? ones / sum : 0.5;
    }

    /** Microseconds an update of a detector, by chunks, until the values or the "budget" run out. */
    private static String detect(Map<String, String> ask) throws Exception {
        double[] values = doubles(ask.get("x"));
        int chunk = (int) number(ask, "chunk", 5000);
        double warm = number(ask, "warm", 0);
        double budget = number(ask, "budget", 1e9);
        long start = threadCpu();
        StringJoiner micros;
        int drifts;
        do {
            micros = new StringJoiner(",", "[", "]");
            drifts = 0;
            ChangeDetector detector =
                    (ChangeDetector) ClassOption.cliStringToObject(ask.get("detector"), ChangeDetector.class, null);
            long started = threadCpu();
            for (int i = 0; i < values.length && (threadCpu() - started) / 1e9 < budget; i += chunk) {
                int end = Math.min(i + chunk, values.length);
                long before = threadCpu();
                for (int k = i; k < end; k++) {
                    detector.input(values[k]);
                    if (detector.getChange()) drifts++;
                }
                micros.add(String.valueOf((threadCpu() - before) / 1e3 / (end - i)));
            }
        } while ((threadCpu() - start) / 1e9 < warm);
        return "\"chunks\":" + micros + ",\"drifts\":" + drifts;
    }

    private static List<String> labels(int count) {
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < count; i++) labels.add(String.valueOf(i));
        return labels;
    }

    private static double[] doubles(String file) throws Exception {
        byte[] bytes = Files.readAllBytes(Path.of(file));
        double[] values = new double[bytes.length / 8];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
        return values;
    }

    private static double number(Map<String, String> ask, String name, double otherwise) {
        return ask.containsKey(name) ? Double.parseDouble(ask.get(name)) : otherwise;
    }

    private static Map<String, String> parse(String line) {
        Map<String, String> ask = new HashMap<>();
        Matcher matcher = FIELD.matcher(line);
        while (matcher.find()) {
            String text = matcher.group(2);
            ask.put(matcher.group(1), text == null ? matcher.group(3) : text.replaceAll("\\\\(.)", "$1"));
        }
        return ask;
    }

    private static long threadCpu() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long processCpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }
}
