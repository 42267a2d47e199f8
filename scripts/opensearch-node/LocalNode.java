import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

/**
 * One node of OpenSearch with HTTP and Painless, on loopback, until its input ends. Arguments: its folder, then names and values of settings. The
 * first line that it prints ends with its address.
 */
public final class LocalNode extends Node {
  private LocalNode(Environment environment, List<Class<? extends Plugin>> plugins) {
    super(environment, plugins, false);
  }

  public static void main(String[] args) throws Exception {
    Settings.Builder settings = Settings.builder()
        .put("path.home", Path.of(args[0]).toString())
        .put("cluster.name", "local")
        .put("discovery.type", "single-node")
        .put("http.host", "127.0.0.1")
        .put("http.port", "0")
        .put("http.type", "netty4")
        .put("transport.host", "127.0.0.1")
        .put("transport.port", "0")
        .put("transport.type", "netty4")
        // How full the disks of this machine are is not what is looked at.
        .put("cluster.routing.allocation.disk.threshold_enabled", "false");
    for (int at = 1; at + 1 < args.length; at += 2) settings.put(args[at], args[at + 1]);
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), null, () -> "local");
    LocalNode node = new LocalNode(environment, List.of(Netty4Plugin.class, PainlessPlugin.class));
    node.start();
    System.out.println(
        "listening " + node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress());
    while (System.in.read() != -1);
    node.close();
    // Threads of the server may outlive its node.
    System.exit(0);
  }
}
